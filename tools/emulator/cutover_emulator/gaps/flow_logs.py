"""EC2: flow logs that name their log group by ARN."""

from __future__ import annotations

import inspect
from typing import Any

from moto.ec2.models.flow_logs import FlowLogsBackend

from cutover_emulator.patching import replace


def group_by_arn() -> None:
    """A flow log to a group named by ARN delivers to it, and answers its name.

    moto looks for the group under the name that was not given and reports that
    delivery fails. Seen in moto 5.2.5.
    """
    create = FlowLogsBackend.create_flow_logs

    def create_flow_logs(self: Any, *given: Any, **named: Any) -> Any:
        arguments = inspect.signature(create).bind(self, *given, **named)
        values = arguments.arguments
        destination = values["log_destination"] or ""
        if not values["log_group_name"] and ":log-group:" in destination:
            name = destination.partition(":log-group:")[2]
            values["log_group_name"] = name.removesuffix(":*")
        return create(*arguments.args, **arguments.kwargs)

    replace(FlowLogsBackend, "create_flow_logs", create_flow_logs)


GAPS = [group_by_arn]
