"""AWS Backup: what a plan selects, and tags."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import unquote

from moto.backup.exceptions import ResourceNotFoundException
from moto.backup.responses import BackupResponse
from moto.core.responses import EmptyResult
from moto.moto_api._internal import mock_random

from cutover_emulator.patching import add, replace, store


def selections() -> None:
    """A selection says which resources a plan backs up; it goes with its plan.

    moto has no selections. Seen in moto 5.2.5.
    """

    def create_backup_selection(self: Any) -> str:
        given = json.loads(self.body)
        plan, _ = _path(self)
        self.backup_backend.get_backup_plan(plan, None)
        selection = {
            "BackupPlanId": plan,
            "SelectionId": str(mock_random.uuid4()),
            "CreationDate": time.time(),
            "CreatorRequestId": given.get("CreatorRequestId"),
            "BackupSelection": given["BackupSelection"],
        }
        _selections(self, plan)[selection["SelectionId"]] = selection
        return _without(selection, "BackupSelection")

    def get_backup_selection(self: Any) -> str:
        return json.dumps(_found(self))

    def list_backup_selections(self: Any) -> str:
        plan, _ = _path(self)
        self.backup_backend.get_backup_plan(plan, None)
        listed = []
        for selection in _selections(self, plan).values():
            item = json.loads(_without(selection, "BackupSelection"))
            for key in ("SelectionName", "IamRoleArn"):
                item[key] = selection["BackupSelection"][key]
            listed.append(item)
        return json.dumps({"BackupSelectionsList": listed})

    def delete_backup_selection(self: Any) -> EmptyResult:
        selection = _found(self)
        del _selections(self, selection["BackupPlanId"])[selection["SelectionId"]]
        return EmptyResult()

    for operation in (
        create_backup_selection,
        get_backup_selection,
        list_backup_selections,
        delete_backup_selection,
    ):
        add(BackupResponse, operation.__name__, operation)


def _path(response: Any) -> tuple[str, str]:
    """Plan and selection of ``/backup/plans/PLAN/selections/SELECTION``."""
    plan, _, rest = response.path.partition("/backup/plans/")[2].partition("/")
    return plan, rest.partition("/")[2].strip("/")


def _selections(response: Any, plan: str) -> dict[str, dict[str, Any]]:
    kept = store(response.backup_backend, "cutover_selections")
    return kept.setdefault(plan, {})


def _found(response: Any) -> dict[str, Any]:
    plan, identifier = _path(response)
    if identifier not in _selections(response, plan):
        raise ResourceNotFoundException(f"Backup selection {identifier} not found")
    return _selections(response, plan)[identifier]


def _without(selection: dict[str, Any], key: str) -> str:
    return json.dumps({k: v for k, v in selection.items() if k != key})


def tags() -> None:
    """Tags are listed by ARN, whether the path ends in a slash or not.

    moto takes the last part but one of the path for the ARN, which is right only
    with a slash at the end, as boto3 sends it and the provider does not. Seen in
    moto 5.2.5.
    """

    def list_tags(self: Any) -> str:
        arn = unquote(self.path.partition("/tags/")[2].rstrip("/"))
        return json.dumps({"Tags": self.backup_backend.list_tags(arn)})

    replace(BackupResponse, "list_tags", list_tags)


GAPS = [selections, tags]
