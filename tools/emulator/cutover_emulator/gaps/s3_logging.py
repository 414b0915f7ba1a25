"""S3: who may deliver the log of a bucket's requests."""

from __future__ import annotations

import json
from typing import Any

from moto.s3.models import FakeBucket

from cutover_emulator.patching import replace

_DELIVERY = "logging.s3.amazonaws.com"


def delivery_by_policy() -> None:
    """A bucket takes the access logs of others when its policy lets the logging service put.

    Elements of a policy are one value or a list of them. moto 5.2.5 compares the
    principal and the resource with one text each, so a policy that writes lists
    admits nobody.
    """

    def log_permissions_enabled_policy(
        target_bucket: Any, target_prefix: str | None
    ) -> bool:
        if not target_bucket.policy:
            return False
        objects = f"arn:{target_bucket.partition}:s3:::{target_bucket.name}/"
        wanted = {f"{objects}*", f"{objects}{target_prefix or ''}*"}
        statements = _listed(json.loads(target_bucket.policy.decode())["Statement"])
        return any(_admits(statement, wanted) for statement in statements)

    replace(
        FakeBucket,
        "_log_permissions_enabled_policy",
        staticmethod(log_permissions_enabled_policy),
    )


def _admits(statement: dict[str, Any], resources: set[str]) -> bool:
    principal = statement.get("Principal")
    return (
        statement.get("Effect") == "Allow"
        and isinstance(principal, dict)
        and _DELIVERY in _listed(principal.get("Service", []))
        and "s3:PutObject" in _listed(statement.get("Action", []))
        and not resources.isdisjoint(_listed(statement.get("Resource", [])))
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


GAPS = [delivery_by_policy]
