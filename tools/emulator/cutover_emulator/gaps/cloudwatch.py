"""CloudWatch: composite alarms."""

from __future__ import annotations

from typing import Any

from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import EmptyResult

from cutover_emulator.patching import add

_SUPPRESSION = {
    "actions_suppressor": "ActionsSuppressor",
    "actions_suppressor_wait_period": "ActionsSuppressorWaitPeriod",
    "actions_suppressor_extension_period": "ActionsSuppressorExtensionPeriod",
}


def composite_alarms() -> None:
    """PutCompositeAlarm makes or changes an alarm whose state is a rule over others.

    moto can describe, tag and delete composite alarms, but has no PutCompositeAlarm.
    Seen in moto 5.2.1 and 5.2.5.
    """

    def put_composite_alarm(self: Any) -> EmptyResult:
        self.put_metric_alarm()
        alarm = self.cloudwatch_backend.alarms[self._get_param("AlarmName")]
        alarm.alarm_rule = alarm.rule
        for attribute, parameter in _SUPPRESSION.items():
            setattr(alarm, attribute, self._get_param(parameter))
        return EmptyResult()

    add(CloudWatchResponse, "put_composite_alarm", put_composite_alarm)


GAPS = [composite_alarms]
