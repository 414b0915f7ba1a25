"""CloudTrail: trails by ARN."""

from __future__ import annotations

from typing import Any

from moto.cloudtrail.models import CloudTrailBackend

from cutover_emulator.patching import replace


def deletion_by_arn() -> None:
    """DeleteTrail takes a name or an ARN, and knows no trail that does not exist.

    The provider uses the ARN. moto 5.2.5 looks for the name only and answers
    success without deleting anything. (5.2.1 had the same in StartLogging and
    StopLogging, where 5.2.5 takes both.)
    """

    def delete_trail(self: Any, name: str) -> None:
        trail = self.get_trail(name)
        del self.trails[trail.trail_name]

    replace(CloudTrailBackend, "delete_trail", delete_trail)


GAPS = [deletion_by_arn]
