from __future__ import annotations

import json
from typing import Any

from tests.support import EmulatorTest, client

ACCOUNT = "123456789012"
SHARING = "/ssm/documents/console/public-sharing-permission"
STANDARDS = [
    "arn:aws:securityhub:us-east-1::standards/pci-dss/v/4.0.1",
    "arn:aws:securityhub:us-east-1::standards/"
    "aws-foundational-security-best-practices/v/1.0.0",
]


class Analyzers(EmulatorTest):
    def test_are_made_read_tagged_and_deleted(self) -> None:
        api = client("accessanalyzer")
        arn = api.create_analyzer(
            analyzerName="ours", type="ACCOUNT", tags={"env": "local"}
        )["arn"]
        self.assertEqual(
            arn, f"arn:aws:access-analyzer:us-east-1:{ACCOUNT}:analyzer/ours"
        )
        found = api.get_analyzer(analyzerName="ours")["analyzer"]
        self.assertEqual((found["type"], found["status"]), ("ACCOUNT", "ACTIVE"))
        api.tag_resource(resourceArn=arn, tags={"layer": "security"})
        api.untag_resource(resourceArn=arn, tagKeys=["env"])
        tags = api.list_tags_for_resource(resourceArn=arn)["tags"]
        self.assertEqual(tags, {"layer": "security"})
        api.delete_analyzer(analyzerName="ours")
        self.assertEqual(api.list_analyzers()["analyzers"], [])
        self.assert_refused(
            "ResourceNotFoundException", api.get_analyzer, analyzerName="ours"
        )

    def test_leave_the_accounts_own_service_alone(self) -> None:
        account = client("account")
        account.put_alternate_contact(
            AlternateContactType="SECURITY",
            EmailAddress="a@b.example",
            Name="n",
            PhoneNumber="1",
            Title="t",
        )
        found = account.get_alternate_contact(AlternateContactType="SECURITY")
        self.assertEqual(found["AlternateContact"]["Title"], "t")


class ServiceSettings(EmulatorTest):
    def test_are_changed_by_arn_and_set_back(self) -> None:
        ssm = client("ssm")
        arn = f"arn:aws:ssm:us-east-1:{ACCOUNT}:servicesetting{SHARING}"

        def read() -> tuple[str, str]:
            found = ssm.get_service_setting(SettingId=SHARING)["ServiceSetting"]
            self.assertEqual(found["ARN"], arn)
            return found["SettingValue"], found["Status"]

        self.assertEqual(read(), ("Enable", "Default"))
        ssm.update_service_setting(SettingId=arn, SettingValue="Disable")
        self.assertEqual(read(), ("Disable", "Customized"))
        ssm.reset_service_setting(SettingId=arn)
        self.assertEqual(read(), ("Enable", "Default"))


class SnapshotSharing(EmulatorTest):
    def test_is_blocked_and_allowed_again(self) -> None:
        ec2 = client("ec2")
        read = ec2.get_snapshot_block_public_access_state
        self.assertEqual(read()["State"], "unblocked")
        ec2.enable_snapshot_block_public_access(State="block-all-sharing")
        self.assertEqual(read()["State"], "block-all-sharing")
        ec2.disable_snapshot_block_public_access()
        self.assertEqual(read()["State"], "unblocked")


class Hub(EmulatorTest):
    def setUp(self) -> None:
        super().setUp()
        self.hub = client("securityhub")
        self.hub.enable_security_hub(EnableDefaultStandards=False)

    def test_answers_its_settings(self) -> None:
        found = self.hub.describe_hub()
        self.assertEqual(found["ControlFindingGenerator"], "SECURITY_CONTROL")
        self.hub.update_security_hub_configuration(AutoEnableControls=False)
        self.assertFalse(self.hub.describe_hub()["AutoEnableControls"])

    def test_checks_the_standards_it_subscribed_to(self) -> None:
        made = self.hub.batch_enable_standards(
            StandardsSubscriptionRequests=[{"StandardsArn": s} for s in STANDARDS]
        )["StandardsSubscriptions"]
        first = made[0]["StandardsSubscriptionArn"]
        read = self.hub.get_enabled_standards
        found = read(StandardsSubscriptionArns=[first])["StandardsSubscriptions"]
        self.assertEqual(
            [(s["StandardsArn"], s["StandardsStatus"]) for s in found],
            [(STANDARDS[0], "READY")],
        )
        self.hub.batch_disable_standards(StandardsSubscriptionArns=[first])
        left = [s["StandardsArn"] for s in read()["StandardsSubscriptions"]]
        self.assertEqual(left, STANDARDS[1:])


class DetectorFeatures(EmulatorTest):
    def test_are_changed_one_by_one_and_answer_every_agent(self) -> None:
        api = client("guardduty")
        detector = api.create_detector(Enable=True)["DetectorId"]
        fargate = {"Name": "ECS_FARGATE_AGENT_MANAGEMENT", "Status": "ENABLED"}
        for feature in (
            {"Name": "S3_DATA_EVENTS", "Status": "ENABLED"},
            {
                "Name": "RUNTIME_MONITORING",
                "Status": "ENABLED",
                "AdditionalConfiguration": [fargate],
            },
            {"Name": "S3_DATA_EVENTS", "Status": "DISABLED"},
        ):
            api.update_detector(DetectorId=detector, Features=[feature])
        found = api.get_detector(DetectorId=detector)
        self.assertEqual(found["Status"], "ENABLED")
        states = {f["Name"]: f["Status"] for f in found["Features"]}
        self.assertEqual(
            states, {"S3_DATA_EVENTS": "DISABLED", "RUNTIME_MONITORING": "ENABLED"}
        )
        agents = found["Features"][1]["AdditionalConfiguration"]
        self.assertEqual(
            [(a["Name"], a["Status"]) for a in agents],
            [
                ("EKS_ADDON_MANAGEMENT", "DISABLED"),
                ("ECS_FARGATE_AGENT_MANAGEMENT", "ENABLED"),
                ("EC2_AGENT_MANAGEMENT", "DISABLED"),
            ],
        )


class AccountPolicies(EmulatorTest):
    KIND = {"policyType": "SUBSCRIPTION_FILTER_POLICY"}

    def put(self, name: str) -> dict[str, Any]:
        document = {"DestinationArn": "arn:aws:firehose:x", "FilterPattern": ""}
        answer: dict[str, Any] = client("logs").put_account_policy(
            policyName=name,
            policyDocument=json.dumps(document),
            selectionCriteria='LogGroupName NOT IN ["own"]',
            **self.KIND,
        )
        return answer

    def test_are_put_described_and_deleted(self) -> None:
        logs = client("logs")
        self.put("archive")
        found = logs.describe_account_policies(policyName="archive", **self.KIND)
        policy = found["accountPolicies"][0]
        self.assertEqual(policy["scope"], "ALL")
        self.assertEqual(policy["selectionCriteria"], 'LogGroupName NOT IN ["own"]')
        other = logs.describe_account_policies(policyType="DATA_PROTECTION_POLICY")
        self.assertEqual(other["accountPolicies"], [])
        logs.delete_account_policy(policyName="archive", **self.KIND)
        self.assertEqual(
            logs.describe_account_policies(**self.KIND)["accountPolicies"], []
        )
        self.assert_refused(
            "ResourceNotFoundException",
            logs.delete_account_policy,
            policyName="archive",
            **self.KIND,
        )

    def test_are_one_of_a_kind(self) -> None:
        self.put("archive")
        self.put("archive")
        self.assert_refused("LimitExceededException", self.put, name="another")


class Rules(EmulatorTest):
    def setUp(self) -> None:
        super().setUp()
        self.config = client("config")
        self.config.put_configuration_recorder(
            ConfigurationRecorder={
                "name": "all",
                "roleARN": f"arn:aws:iam::{ACCOUNT}:role/config",
            }
        )

    def put(self, name: str, **more: Any) -> None:
        source = {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_DEFAULT_LOCK_ENABLED"}
        self.config.put_config_rule(
            ConfigRule={"ConfigRuleName": name, "Source": source, **more}
        )

    def test_scoped_by_tag_are_described_as_put(self) -> None:
        scope = {"TagKey": "Retention", "TagValue": "locked"}
        self.put("lock", Scope=scope)
        found = self.config.describe_config_rules(ConfigRuleNames=["lock"])
        self.assertEqual(found["ConfigRules"][0]["Scope"], scope)

    def test_are_more_than_150(self) -> None:
        for number in range(151):
            self.put(f"rule-{number}")
        self.config.describe_config_rules(ConfigRuleNames=["rule-150"])


class FlowLogs(EmulatorTest):
    def test_deliver_to_the_group_that_their_arn_names(self) -> None:
        client("logs").create_log_group(logGroupName="/flows")
        ec2 = client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        for group in ("/flows", "/nowhere"):
            ec2.create_flow_logs(
                ResourceType="VPC",
                ResourceIds=[vpc],
                TrafficType="ALL",
                LogDestinationType="cloud-watch-logs",
                LogDestination=f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{group}",
                DeliverLogsPermissionArn=f"arn:aws:iam::{ACCOUNT}:role/flows",
            )
        found = {
            log["LogGroupName"]: log["DeliverLogsStatus"]
            for log in ec2.describe_flow_logs()["FlowLogs"]
        }
        self.assertEqual(found, {"/flows": "SUCCESS", "/nowhere": "FAILED"})
