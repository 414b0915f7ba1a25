"""S3: the conditions of a bucket policy's statements."""

from __future__ import annotations

import fnmatch
import json
from typing import Any

from moto.s3.models import FakeBucket

from cutover_emulator.patching import replace

#: What is known of every request. The emulator speaks plain HTTP in the place of
#: TLS, so requests count as those that would have come over TLS.
_CONTEXT = {"aws:securetransport": "true", "aws:viaawsservice": "false"}

_TESTS = {
    "bool": lambda actual, wanted: actual == wanted.lower(),
    "stringequals": lambda actual, wanted: actual == wanted,
    "stringlike": fnmatch.fnmatchcase,
    "arnequals": fnmatch.fnmatchcase,
    "arnlike": fnmatch.fnmatchcase,
}


def conditions() -> None:
    """A statement holds for the requests that meet its conditions.

    moto denies every request to which a statement with a condition could apply,
    a Deny without TLS as well as an Allow, so such a bucket takes no object at all.
    Here a condition on what is not known of a request does not deny it. Seen in
    moto 5.2.5.
    """
    allow = FakeBucket.get_permission

    def get_permission(self: Any, action: str, resource: str) -> Any:
        kept = self.policy
        if not kept:
            return allow(self, action, resource)
        self.policy = json.dumps(_applicable(kept, self.account_id)).encode()
        try:
            return allow(self, action, resource)
        finally:
            self.policy = kept

    replace(FakeBucket, "get_permission", get_permission)


def _applicable(policy: Any, account: str) -> dict[str, Any]:
    """The policy with those statements only whose conditions are met."""
    document = json.loads(policy)
    statements = document["Statement"]
    if isinstance(statements, dict):
        statements = [statements]
    context = {**_CONTEXT, "aws:principalaccount": account, "aws:sourceaccount": account}
    document["Statement"] = [
        {key: value for key, value in s.items() if key != "Condition"}
        for s in statements
        if _holds(s.get("Condition") or {}, context, s["Effect"] == "Allow")
    ]
    return document


def _holds(condition: dict[str, Any], context: dict[str, str], unknown: bool) -> bool:
    for operator, tests in condition.items():
        for key, wanted in tests.items():
            values = wanted if isinstance(wanted, list) else [wanted]
            if not _meets(operator.lower(), context.get(key.lower()), values, unknown):
                return False
    return True


def _meets(operator: str, actual: str | None, wanted: list[Any], unknown: bool) -> bool:
    operator = operator.removesuffix("ifexists")
    negated = "not" in operator
    test = _TESTS.get(operator.replace("not", ""))
    if actual is None or test is None:
        return unknown
    met = any(test(actual, str(value)) for value in wanted)
    return met != negated


GAPS = [conditions]
