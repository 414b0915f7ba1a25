"""SNS: topics that report what became of their messages."""

from __future__ import annotations

from typing import Any

from moto.core.utils import camelcase_to_underscores
from moto.sns.responses import SNSResponse

from cutover_emulator.patching import replace

_REPORTS = [
    f"{protocol}{part}"
    for protocol in ("HTTP", "SQS", "Lambda", "Firehose", "Application")
    for part in (
        "SuccessFeedbackRoleArn",
        "SuccessFeedbackSampleRate",
        "FailureFeedbackRoleArn",
    )
]


def delivery_reports() -> None:
    """GetTopicAttributes returns the settings of delivery status logging.

    moto 5.2.5 takes them and tells them to nobody, so that the provider sets them
    again in every deployment.
    """

    def get_topic_attributes(self: Any) -> Any:
        answer = former(self)
        topic = self.backend.get_topic(self._get_param("TopicArn"))
        for name in _REPORTS:
            if value := getattr(topic, camelcase_to_underscores(name), None):
                answer.result["Attributes"][name] = value
        return answer

    former = replace(SNSResponse, "get_topic_attributes", get_topic_attributes)


GAPS = [delivery_reports]
