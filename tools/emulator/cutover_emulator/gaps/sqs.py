"""SQS: where dead letters go and whence they may come, and policies that stay."""

from __future__ import annotations

import json
from typing import Any

from moto.sqs.models import Queue

from cutover_emulator.patching import replace

_ALLOW = "RedriveAllowPolicy"
_REDRIVE = "RedrivePolicy"


def redrive_allow_policy() -> None:
    """GetQueueAttributes returns the RedriveAllowPolicy that was set.

    moto 5.2.5 drops it, so that the provider waits two minutes for it and fails.
    """

    def attributes(self: Any) -> dict[str, Any]:
        found = former.fget(self)
        if value := getattr(self, "redrive_allow_policy", None):
            found[_ALLOW] = value
        return found

    former = replace(Queue, "attributes", property(attributes))
    Queue.KMS_ATTRIBUTES = [*Queue.KMS_ATTRIBUTES, _ALLOW]
    # The list above also says what moto copies for an encrypted queue.
    Queue.redrive_allow_policy = None  # type: ignore[attr-defined]


def compact_redrive_policy() -> None:
    """GetQueueAttributes returns the RedrivePolicy without white space, as AWS does.

    moto 5.2.5 puts blanks into it, so that the provider sees a change in every
    deployment.
    """

    def attributes(self: Any) -> dict[str, Any]:
        found = former.fget(self)
        if value := found.get(_REDRIVE):
            found[_REDRIVE] = json.dumps(json.loads(value), separators=(",", ":"))
        return found

    former = replace(Queue, "attributes", property(attributes))


def policies_stay() -> None:
    """SetQueueAttributes leaves the attributes alone that it does not name.

    moto 5.2.5 takes the policy away with every other change.
    """

    def _set_attributes(
        self: Any, attributes: dict[str, Any], now: float | None = None
    ) -> None:
        kept = getattr(self, "policy", None)
        former(self, attributes, now)
        if "Policy" not in attributes:
            self.policy = kept

    former = replace(Queue, "_set_attributes", _set_attributes)


GAPS = [redrive_allow_policy, compact_redrive_policy, policies_stay]
