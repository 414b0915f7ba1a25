from __future__ import annotations

import json

from tests.support import EmulatorTest, client

CARD = "arn:aws:dataprotection::aws:data-identifier/CreditCardNumber"


def mask(*hidden: str) -> str:
    return json.dumps(
        {
            "Name": "cards",
            "Version": "2021-06-01",
            "Statement": [
                {
                    "DataIdentifier": [CARD],
                    "Operation": {"Audit": {"FindingsDestination": {}}},
                },
                {
                    "DataIdentifier": list(hidden),
                    "Operation": {"Deidentify": {"MaskConfig": {}}},
                },
            ],
        }
    )


class DataProtection(EmulatorTest):
    def setUp(self) -> None:
        super().setUp()
        self.logs = client("logs")
        self.logs.create_log_group(logGroupName="/services/api")

    def test_is_put_read_by_name_and_arn_and_deleted(self) -> None:
        self.logs.put_data_protection_policy(
            logGroupIdentifier="/services/api", policyDocument=mask(CARD)
        )
        for name in (
            "/services/api",
            "arn:aws:logs:us-east-1:123456789012:log-group:/services/api",
        ):
            found = self.logs.get_data_protection_policy(logGroupIdentifier=name)
            self.assertEqual(found["policyDocument"], mask(CARD))
        self.logs.delete_data_protection_policy(logGroupIdentifier="/services/api")
        found = self.logs.get_data_protection_policy(logGroupIdentifier="/services/api")
        self.assertNotIn("policyDocument", found)
        self.assert_refused(
            "ResourceNotFoundException",
            self.logs.delete_data_protection_policy,
            logGroupIdentifier="/services/api",
        )

    def test_finds_and_hides_the_same_data_of_a_group_that_is_there(self) -> None:
        for document in (mask("Address"), mask(), "{}", '{"Statement":[1,2]}'):
            self.assert_refused(
                "InvalidParameterException",
                self.logs.put_data_protection_policy,
                logGroupIdentifier="/services/api",
                policyDocument=document,
            )
        self.assert_refused(
            "ResourceNotFoundException",
            self.logs.get_data_protection_policy,
            logGroupIdentifier="/services/other",
        )


class ReportsOfDeliveries(EmulatorTest):
    ROLE = "arn:aws:iam::123456789012:role/topic-reports"

    def attributes(self, topic: str) -> dict:
        found = client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
        return {name: value for name, value in found.items() if "Feedback" in name}

    def test_are_set_read_back_and_taken_away(self) -> None:
        sns = client("sns")
        topic = sns.create_topic(
            Name="page", Attributes={"SQSFailureFeedbackRoleArn": self.ROLE}
        )["TopicArn"]
        for name, value in (
            ("HTTPSuccessFeedbackRoleArn", self.ROLE),
            ("HTTPSuccessFeedbackSampleRate", "100"),
        ):
            sns.set_topic_attributes(
                TopicArn=topic, AttributeName=name, AttributeValue=value
            )
        want = {
            "HTTPSuccessFeedbackRoleArn": self.ROLE,
            "HTTPSuccessFeedbackSampleRate": "100",
            "SQSFailureFeedbackRoleArn": self.ROLE,
        }
        self.assertEqual(self.attributes(topic), want)
        sns.set_topic_attributes(
            TopicArn=topic, AttributeName="SQSFailureFeedbackRoleArn", AttributeValue=""
        )
        del want["SQSFailureFeedbackRoleArn"]
        self.assertEqual(self.attributes(topic), want)
