"""Security Hub: its settings and the standards it checks."""

from __future__ import annotations

import json
from typing import Any

from moto.securityhub import urls
from moto.securityhub.models import SecurityHubBackend
from moto.securityhub.responses import SecurityHubResponse

from cutover_emulator.patching import add, replace, store


def settings() -> None:
    """What the hub was enabled with, and what was changed since, is answered.

    moto keeps none of it and has no UpdateSecurityHubConfiguration, so a provider
    waits in vain for its change. Seen in moto 5.2.5.
    """
    enable = SecurityHubResponse.enable_security_hub
    describe = SecurityHubBackend.describe_hub

    def enable_security_hub(self: Any) -> str:
        answer = enable(self)
        kept = _settings(self.securityhub_backend)
        kept["AutoEnableControls"] = True
        kept["ControlFindingGenerator"] = (
            self._get_param("ControlFindingGenerator") or "SECURITY_CONTROL"
        )
        return answer

    def update_security_hub_configuration(self: Any) -> str:
        given = json.loads(self.body)
        _settings(self.securityhub_backend).update(given)
        return "{}"

    def describe_hub(self: Any, hub_arn: str | None = None) -> dict[str, Any]:
        return {**describe(self, hub_arn), **_settings(self)}

    replace(SecurityHubResponse, "enable_security_hub", enable_security_hub)
    add(
        SecurityHubResponse,
        "update_security_hub_configuration",
        update_security_hub_configuration,
    )
    replace(SecurityHubBackend, "describe_hub", describe_hub)


def _settings(backend: Any) -> dict[str, Any]:
    return store(backend, "cutover_hub_settings")


def standards() -> None:
    """A standard is subscribed to, listed while it is, and given up.

    moto has none of it. Seen in moto 5.2.5.
    """

    def batch_enable_standards(self: Any) -> str:
        requests = json.loads(self.body)["StandardsSubscriptionRequests"]
        return _answer([_subscribe(self, r["StandardsArn"]) for r in requests])

    def get_enabled_standards(self: Any) -> str:
        asked = json.loads(self.body or "{}").get("StandardsSubscriptionArns")
        kept = _subscriptions(self)
        return _answer([s for arn, s in kept.items() if not asked or arn in asked])

    def batch_disable_standards(self: Any) -> str:
        arns = json.loads(self.body)["StandardsSubscriptionArns"]
        gone = [_subscriptions(self).pop(arn, None) for arn in arns]
        return _answer([{**s, "StandardsStatus": "DELETING"} for s in gone if s])

    for operation in (
        batch_enable_standards,
        get_enabled_standards,
        batch_disable_standards,
    ):
        add(SecurityHubResponse, operation.__name__, operation)
    for path in ("/standards/register$", "/standards/get$", "/standards/deregister$"):
        urls.url_paths["{0}" + path] = SecurityHubResponse.dispatch


def _subscriptions(response: Any) -> dict[str, dict[str, Any]]:
    return store(response.securityhub_backend, "cutover_standards")


def _subscribe(response: Any, standard: str) -> dict[str, Any]:
    path = standard.rpartition("standards/")[2]
    arn = (
        f"arn:{response.partition}:securityhub:{response.region}"
        f":{response.current_account}:subscription/{path}"
    )
    return _subscriptions(response).setdefault(
        arn,
        {
            "StandardsSubscriptionArn": arn,
            "StandardsArn": standard,
            "StandardsInput": {},
            "StandardsStatus": "READY",
        },
    )


def _answer(subscriptions: list[dict[str, Any]]) -> str:
    return json.dumps({"StandardsSubscriptions": subscriptions})


GAPS = [settings, standards]
