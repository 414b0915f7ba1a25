"""CloudWatch Logs: query definitions, policies of the account, masks of groups."""

from __future__ import annotations

import json
import time
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.logs.responses import LogsResponse
from moto.moto_api._internal import mock_random

from cutover_emulator.patching import add, store


def query_definitions() -> None:
    """A query of Logs Insights can be saved, listed by name, changed and deleted.

    moto has none of the three operations. Seen in moto 5.2.5.
    """

    def put_query_definition(self: Any) -> str:
        identifier = self._get_param("queryDefinitionId") or str(mock_random.uuid4())
        _definitions(self)[identifier] = {
            "queryDefinitionId": identifier,
            "queryLanguage": self._get_param("queryLanguage") or "CWLI",
            "name": self._get_param("name"),
            "queryString": self._get_param("queryString"),
            "logGroupNames": self._get_param("logGroupNames") or [],
            "lastModified": int(time.time() * 1000),
        }
        return json.dumps({"queryDefinitionId": identifier})

    def describe_query_definitions(self: Any) -> str:
        prefix = self._get_param("queryDefinitionNamePrefix") or ""
        chosen = [
            d for d in _definitions(self).values() if d["name"].startswith(prefix)
        ]
        return json.dumps({"queryDefinitions": chosen})

    def delete_query_definition(self: Any) -> str:
        identifier = self._get_param("queryDefinitionId")
        if _definitions(self).pop(identifier, None) is None:
            raise JsonRESTError(
                "ResourceNotFoundException",
                f"The specified query definition {identifier} does not exist.",
            )
        return json.dumps({"success": True})

    for operation in (
        put_query_definition,
        describe_query_definitions,
        delete_query_definition,
    ):
        add(LogsResponse, operation.__name__, operation)


def _definitions(response: Any) -> dict[str, dict[str, Any]]:
    return store(response.logs_backend, "cutover_query_definitions")


def account_policies() -> None:
    """A policy over the log groups of the account is put, described by kind and deleted.

    moto has none of the three operations. The subscription that such a policy makes
    delivers nothing here. Seen in moto 5.2.5.
    """

    def put_account_policy(self: Any) -> str:
        name, kind = self._get_param("policyName"), self._get_param("policyType")
        policy = {
            "policyName": name,
            "policyType": kind,
            "policyDocument": self._get_param("policyDocument"),
            "scope": self._get_param("scope") or "ALL",
            "selectionCriteria": self._get_param("selectionCriteria") or "",
            "accountId": self.current_account,
            "lastUpdatedTime": int(time.time() * 1000),
        }
        others = [k for k in _policies(self) if k[0] == kind and k[1] != name]
        if others:  # one policy of a kind in a region
            raise JsonRESTError(
                "LimitExceededException", "Resource limit exceeded."
            )
        _policies(self)[kind, name] = policy
        return json.dumps({"accountPolicy": policy})

    def describe_account_policies(self: Any) -> str:
        asked, name = self._get_param("policyType"), self._get_param("policyName")
        chosen = [
            policy
            for (kind, known), policy in _policies(self).items()
            if kind == asked and name in (None, known)
        ]
        return json.dumps({"accountPolicies": chosen})

    def delete_account_policy(self: Any) -> str:
        name, kind = self._get_param("policyName"), self._get_param("policyType")
        if _policies(self).pop((kind, name), None) is None:
            raise JsonRESTError(
                "ResourceNotFoundException", f"The account policy {name} does not exist."
            )
        return ""

    for operation in (
        put_account_policy,
        describe_account_policies,
        delete_account_policy,
    ):
        add(LogsResponse, operation.__name__, operation)


def _policies(response: Any) -> dict[tuple[str, str], dict[str, Any]]:
    return store(response.logs_backend, "cutover_account_policies")


def data_protection() -> None:
    """A log group has at most one policy that finds and masks data.

    It is put, read and deleted by the group's name or ARN; a group without one is
    answered without a document, a group that is not there is an error. AWS takes a
    policy whose two statements name the same data, one that finds and one that
    masks. moto has none of the three operations; nothing is masked here. Seen in
    moto 5.2.5.
    """

    def put_data_protection_policy(self: Any) -> str:
        group, text = _group(self), self._get_param("policyDocument")
        try:
            found, masked = json.loads(text)["Statement"]
            sound = (
                found["DataIdentifier"] == masked["DataIdentifier"]
                and "Audit" in found["Operation"]
                and "Deidentify" in masked["Operation"]
            )
        except (KeyError, TypeError, ValueError):
            sound = False
        if not sound:
            raise JsonRESTError(
                "InvalidParameterException",
                "The policy needs a statement that audits and one that de-identifies"
                " the same data.",
            )
        policy = {
            "logGroupIdentifier": group.name,
            "policyDocument": text,
            "lastUpdatedTime": int(time.time() * 1000),
        }
        group.cutover_data_protection = policy
        return json.dumps(policy)

    def get_data_protection_policy(self: Any) -> str:
        group = _group(self)
        none = {"logGroupIdentifier": group.name}
        return json.dumps(getattr(group, "cutover_data_protection", none))

    def delete_data_protection_policy(self: Any) -> str:
        group = _group(self)
        if not hasattr(group, "cutover_data_protection"):
            raise JsonRESTError(
                "ResourceNotFoundException", "The log group has no such policy."
            )
        del group.cutover_data_protection
        return ""

    for operation in (
        put_data_protection_policy,
        get_data_protection_policy,
        delete_data_protection_policy,
    ):
        add(LogsResponse, operation.__name__, operation)


def _group(response: Any) -> Any:
    """The log group that a request names, by name or by ARN."""
    asked = response._get_param("logGroupIdentifier")
    name = asked.split(":log-group:")[-1].removesuffix(":*")
    if (group := response.logs_backend.groups.get(name)) is None:
        raise JsonRESTError(
            "ResourceNotFoundException", "The specified log group does not exist."
        )
    return group


GAPS = [query_definitions, account_policies, data_protection]
