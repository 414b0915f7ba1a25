"""GuardDuty: features of a detector."""

from __future__ import annotations

from typing import Any

from moto.guardduty.models import Detector

from cutover_emulator.patching import replace

#: The agents that runtime monitoring can manage, in the order of AWS's answers.
_AGENTS = {
    "RUNTIME_MONITORING": (
        "EKS_ADDON_MANAGEMENT",
        "ECS_FARGATE_AGENT_MANAGEMENT",
        "EC2_AGENT_MANAGEMENT",
    )
}


def features() -> None:
    """An update of some features leaves the others, and every agent is answered.

    moto takes the features of an update for all there are, so the last one of
    several wins. Seen in moto 5.2.5.
    """
    change = Detector.update

    def update(
        self: Any, enable: Any, frequency: Any, data_sources: Any, given: Any
    ) -> None:
        merged = {feature["name"]: feature for feature in self.features}
        for feature in given or []:
            merged[feature["name"]] = _whole(feature, merged.get(feature["name"], {}))
        change(self, enable, frequency, data_sources, list(merged.values()))

    replace(Detector, "update", update)


def _whole(given: dict[str, Any], former: dict[str, Any]) -> dict[str, Any]:
    states: dict[str, str] = {}
    for source in (former, given):
        for agent in source.get("additionalConfiguration") or []:
            states[agent["name"]] = agent["status"]
    agents = [
        {"name": name, "status": states.get(name, "DISABLED")}
        for name in _AGENTS.get(given["name"], ())
    ]
    return {**given, "additionalConfiguration": agents} if agents else given


GAPS = [features]
