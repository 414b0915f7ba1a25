"""AWS Backup: what a plan selects, policies of vaults, recovery points, tags."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import unquote

from moto.backup import urls
from moto.backup.exceptions import ResourceNotFoundException
from moto.backup.responses import BackupResponse
from moto.core.responses import EmptyResult
from moto.moto_api._internal import mock_random

from cutover_emulator.patching import GapMismatch, add, replace, store


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


def vault_policies() -> None:
    """A vault has an access policy, which goes with it.

    moto has neither the operations nor the path. Seen in moto 5.2.5.
    """
    _serve("access-policy")

    def put_backup_vault_access_policy(self: Any) -> EmptyResult:
        vault = _vault(self)
        store(vault, "cutover_policy")["text"] = json.loads(self.body)["Policy"]
        return EmptyResult()

    def get_backup_vault_access_policy(self: Any) -> str:
        vault = _vault(self)
        policy = store(vault, "cutover_policy")
        if "text" not in policy:
            raise ResourceNotFoundException(
                f"Backup vault {vault.backup_vault_name} has no access policy"
            )
        return json.dumps(
            {
                "BackupVaultName": vault.backup_vault_name,
                "BackupVaultArn": vault.backup_vault_arn,
                "Policy": policy["text"],
            }
        )

    def delete_backup_vault_access_policy(self: Any) -> EmptyResult:
        store(_vault(self), "cutover_policy").clear()
        return EmptyResult()

    for operation in (
        put_backup_vault_access_policy,
        get_backup_vault_access_policy,
        delete_backup_vault_access_policy,
    ):
        add(BackupResponse, operation.__name__, operation)


def recovery_points() -> None:
    """A vault lists its recovery points. Nothing runs backups here, so it has none.

    moto has neither the operation nor the path, so a vault that is to be deleted
    with what is in it cannot be. Seen in moto 5.2.5.
    """
    _serve("recovery-points")
    _serve("recovery-points/")

    def list_recovery_points_by_backup_vault(self: Any) -> str:
        _vault(self)
        return json.dumps({"RecoveryPoints": []})

    add(
        BackupResponse,
        "list_recovery_points_by_backup_vault",
        list_recovery_points_by_backup_vault,
    )


def _serve(part: str) -> None:
    """Serves a path below a vault's."""
    path = "{0}/backup-vaults/(?P<name>[^/]+)/" + part + "$"
    if path in urls.url_paths:
        raise GapMismatch(f"moto serves {path} now: delete the gap that adds it")
    urls.url_paths[path] = urls.response.dispatch


def _vault(response: Any) -> Any:
    name = unquote(response.path.partition("/backup-vaults/")[2].partition("/")[0])
    if name not in response.backup_backend.vaults:
        raise ResourceNotFoundException(f"Backup vault {name} not found")
    return response.backup_backend.vaults[name]


GAPS = [selections, tags, vault_policies, recovery_points]
