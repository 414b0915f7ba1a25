"""EBS: whether snapshots may be shared with everybody."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response

from cutover_emulator.patching import add, store


def snapshot_sharing() -> None:
    """Sharing of snapshots with everybody is blocked, or not, in a region.

    moto has none of the three operations. Seen in moto 5.2.5.
    """

    def get_snapshot_block_public_access_state(self: Any) -> ActionResult:
        return _answer(_settings(self).get("state", "unblocked"))

    def enable_snapshot_block_public_access(self: Any) -> ActionResult:
        _settings(self)["state"] = self._get_param("State")
        return _answer(_settings(self)["state"])

    def disable_snapshot_block_public_access(self: Any) -> ActionResult:
        _settings(self).clear()
        return _answer("unblocked")

    for operation in (
        get_snapshot_block_public_access_state,
        enable_snapshot_block_public_access,
        disable_snapshot_block_public_access,
    ):
        add(EC2Response, operation.__name__, operation)


def _settings(response: Any) -> dict[str, str]:
    return store(response.ec2_backend, "cutover_snapshot_sharing")


def _answer(state: str) -> ActionResult:
    return ActionResult({"State": state})


GAPS = [snapshot_sharing]
