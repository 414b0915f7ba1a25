from __future__ import annotations

import json
import urllib.parse
import urllib.request

from tests.support import EmulatorTest, client, endpoint


class CompositeAlarms(EmulatorTest):
    def put(self, rule: str) -> None:
        client("cloudwatch").put_composite_alarm(
            AlarmName="payments-down",
            AlarmRule=rule,
            AlarmDescription="either colour",
            AlarmActions=["arn:aws:sns:us-east-1:123456789012:page"],
            ActionsSuppressor="quiet",
            ActionsSuppressorWaitPeriod=60,
            ActionsSuppressorExtensionPeriod=120,
            Tags=[{"Key": "env", "Value": "local"}],
        )

    def described(self) -> list:
        return client("cloudwatch").describe_alarms(
            AlarmNames=["payments-down"], AlarmTypes=["CompositeAlarm"]
        )["CompositeAlarms"]

    def test_are_put_changed_tagged_and_deleted(self) -> None:
        self.put("ALARM(one) OR ALARM(two)")
        self.put("ALARM(one)")
        alarm = self.described()[0]
        self.assertEqual(alarm["AlarmRule"], "ALARM(one)")
        self.assertEqual(alarm["AlarmDescription"], "either colour")
        self.assertEqual(alarm["ActionsSuppressor"], "quiet")
        self.assertEqual(alarm["ActionsSuppressorWaitPeriod"], 60)
        self.assertTrue(alarm["ActionsEnabled"])
        tags = client("cloudwatch").list_tags_for_resource(
            ResourceARN=alarm["AlarmArn"]
        )
        self.assertEqual(tags["Tags"], [{"Key": "env", "Value": "local"}])
        client("cloudwatch").delete_alarms(AlarmNames=["payments-down"])
        self.assertEqual(self.described(), [])


class TagsOfScalableTargets(EmulatorTest):
    TARGET = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": "table/sessions",
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
    }

    def setUp(self) -> None:
        super().setUp()
        self.scaling = client("application-autoscaling")
        self.register(Tags={"env": "local", "layer": "data"})

    def register(self, **more: object) -> None:
        self.scaling.register_scalable_target(
            MinCapacity=1, MaxCapacity=4, **self.TARGET, **more
        )

    def arn(self) -> str:
        found = self.scaling.describe_scalable_targets(ServiceNamespace="dynamodb")
        return found["ScalableTargets"][0]["ScalableTargetARN"]

    def tags(self) -> dict:
        return self.scaling.list_tags_for_resource(ResourceARN=self.arn())["Tags"]

    def test_are_given_at_registration_and_outlive_an_update(self) -> None:
        self.register()
        self.assertEqual(self.tags(), {"env": "local", "layer": "data"})

    def test_are_changed_by_arn(self) -> None:
        arn = self.arn()
        self.scaling.tag_resource(ResourceARN=arn, Tags={"env": "prod"})
        self.scaling.untag_resource(ResourceARN=arn, TagKeys=["layer"])
        self.assertEqual(self.tags(), {"env": "prod"})

    def test_of_an_unknown_target_are_refused(self) -> None:
        arn = self.arn()
        self.scaling.deregister_scalable_target(**self.TARGET)
        self.assert_refused(
            "ResourceNotFoundException",
            self.scaling.list_tags_for_resource,
            ResourceARN=arn,
        )
        self.register()
        self.assertEqual(self.tags(), {})


class DefinitionCheck(EmulatorTest):
    def check(self, definition: str) -> dict:
        return client("stepfunctions").validate_state_machine_definition(
            definition=definition
        )

    def assert_fails(self, definition: object, code: str, location: str) -> None:
        answer = self.check(json.dumps(definition))
        self.assertEqual(answer["result"], "FAIL")
        found = [(d["code"], d["location"]) for d in answer["diagnostics"]]
        self.assertIn((code, location), found)

    def test_passes_a_sound_definition(self) -> None:
        machine = {
            "StartAt": "Each",
            "States": {
                "Each": {
                    "Type": "Map",
                    "ItemProcessor": {
                        "StartAt": "One",
                        "States": {"One": {"Type": "Pass", "End": True}},
                    },
                    "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Done"}],
                    "Next": "Done",
                },
                "Done": {"Type": "Succeed"},
            },
        }
        self.assertEqual(self.check(json.dumps(machine))["result"], "OK")

    def test_fails_an_unsound_one_with_the_place(self) -> None:
        self.assertEqual(self.check("{")["result"], "FAIL")
        self.assert_fails({"StartAt": "A"}, "SCHEMA_VALIDATION_FAILED", "/")
        missing = {"StartAt": "B", "States": {"A": {"Type": "Pass", "Next": "C"}}}
        self.assert_fails(missing, "MISSING_TRANSITION_TARGET", "/StartAt")
        self.assert_fails(missing, "MISSING_TRANSITION_TARGET", "/States/A")
        inner = {"StartAt": "A", "States": {"A": {"Type": "Map", "Iterator": {}}}}
        self.assert_fails(inner, "SCHEMA_VALIDATION_FAILED", "/States/A/")


class Trails(EmulatorTest):
    def test_are_started_stopped_and_deleted_by_arn(self) -> None:
        client("s3").create_bucket(Bucket="trail")
        trail = client("cloudtrail")
        arn = trail.create_trail(Name="audit", S3BucketName="trail")["TrailARN"]
        trail.start_logging(Name=arn)
        self.assertTrue(trail.get_trail_status(Name=arn)["IsLogging"])
        trail.stop_logging(Name=arn)
        self.assertFalse(trail.get_trail_status(Name=arn)["IsLogging"])
        trail.delete_trail(Name=arn)
        self.assertEqual(trail.describe_trails()["trailList"], [])
        self.assert_refused("TrailNotFoundException", trail.delete_trail, Name=arn)


class ConformancePacks(EmulatorTest):
    def setUp(self) -> None:
        super().setUp()
        self.config = client("config")
        self.arn = self.put("one")

    def put(self, value: str) -> str:
        return self.config.put_conformance_pack(
            ConformancePackName="pci",
            TemplateBody="Resources: {}",
            ConformancePackInputParameters=[
                {"ParameterName": "p", "ParameterValue": value}
            ],
        )["ConformancePackArn"]

    def test_keep_their_arn_when_changed(self) -> None:
        self.assertEqual(self.put("two"), self.arn)
        found = self.config.describe_conformance_packs(ConformancePackNames=["pci"])
        pack = found["ConformancePackDetails"][0]
        self.assertEqual(pack["ConformancePackArn"], self.arn)
        self.assertEqual(
            pack["ConformancePackInputParameters"],
            [{"ParameterName": "p", "ParameterValue": "two"}],
        )

    def test_become_complete(self) -> None:
        found = self.config.describe_conformance_pack_status(
            ConformancePackNames=["pci"]
        )["ConformancePackStatusDetails"]
        self.assertEqual(found[0]["ConformancePackState"], "CREATE_COMPLETE")

    def test_that_are_deleted_are_unknown(self) -> None:
        self.config.delete_conformance_pack(ConformancePackName="pci")
        self.assertEqual(
            self.config.describe_conformance_packs()["ConformancePackDetails"], []
        )
        status = self.config.describe_conformance_pack_status(
            ConformancePackNames=["pci"]
        )
        self.assertEqual(status["ConformancePackStatusDetails"], [])
        self.assert_refused(
            "NoSuchConformancePackException",
            self.config.describe_conformance_packs,
            ConformancePackNames=["pci"],
        )
        self.assert_refused(
            "NoSuchConformancePackException",
            self.config.delete_conformance_pack,
            ConformancePackName="pci",
        )


class BackupPlans(EmulatorTest):
    def setUp(self) -> None:
        super().setUp()
        self.backup = client("backup")
        rule = {"RuleName": "daily", "TargetBackupVaultName": "vault"}
        self.backup.create_backup_vault(
            BackupVaultName="vault", BackupVaultTags={"env": "local"}
        )
        self.plan = {
            "BackupPlanId": self.backup.create_backup_plan(
                BackupPlan={"BackupPlanName": "daily", "Rules": [rule]}
            )["BackupPlanId"]
        }

    def test_select_list_and_forget_resources(self) -> None:
        chosen = {
            "SelectionName": "tables",
            "IamRoleArn": "arn:aws:iam::123456789012:role/backup",
            "Resources": ["arn:aws:dynamodb:*:*:table/*"],
        }
        made = self.backup.create_backup_selection(BackupSelection=chosen, **self.plan)
        selection = {"SelectionId": made["SelectionId"], **self.plan}
        found = self.backup.get_backup_selection(**selection)
        self.assertEqual(found["BackupSelection"], chosen)
        listed = self.backup.list_backup_selections(**self.plan)
        names = [s["SelectionName"] for s in listed["BackupSelectionsList"]]
        self.assertEqual(names, ["tables"])
        self.backup.delete_backup_selection(**selection)
        self.assert_refused(
            "ResourceNotFoundException", self.backup.get_backup_selection, **selection
        )

    def test_policy_of_a_vault_is_put_read_and_taken_away(self) -> None:
        vault = {"BackupVaultName": "vault"}
        self.assert_refused(
            "ResourceNotFoundException",
            self.backup.get_backup_vault_access_policy,
            **vault,
        )
        policy = json.dumps({"Version": "2012-10-17", "Statement": []})
        self.backup.put_backup_vault_access_policy(Policy=policy, **vault)
        found = self.backup.get_backup_vault_access_policy(**vault)
        self.assertEqual(found["Policy"], policy)
        self.assertTrue(found["BackupVaultArn"].endswith(":backup-vault:vault"))
        self.backup.delete_backup_vault_access_policy(**vault)
        self.assert_refused(
            "ResourceNotFoundException",
            self.backup.get_backup_vault_access_policy,
            **vault,
        )
        self.assert_refused(
            "ResourceNotFoundException",
            self.backup.put_backup_vault_access_policy,
            BackupVaultName="unknown",
            Policy=policy,
        )

    def test_a_vault_lists_no_recovery_points(self) -> None:
        found = self.backup.list_recovery_points_by_backup_vault(
            BackupVaultName="vault"
        )
        self.assertEqual(found["RecoveryPoints"], [])
        self.assert_refused(
            "ResourceNotFoundException",
            self.backup.list_recovery_points_by_backup_vault,
            BackupVaultName="unknown",
        )

    def test_tags_are_listed_with_and_without_a_slash_at_the_end(self) -> None:
        vault = self.backup.describe_backup_vault(BackupVaultName="vault")
        arn = vault["BackupVaultArn"]
        self.assertEqual(
            self.backup.list_tags(ResourceArn=arn)["Tags"], {"env": "local"}
        )
        request = urllib.request.Request(
            f"{endpoint()}/tags/{urllib.parse.quote(arn, safe='')}",
            headers={
                "Authorization": "AWS4-HMAC-SHA256 Credential="
                "test/20260101/us-east-1/backup/aws4_request"
            },
        )
        with urllib.request.urlopen(request) as answer:
            self.assertEqual(json.load(answer)["Tags"], {"env": "local"})


class QueryLogs(EmulatorTest):
    def test_name_their_log_group_with_or_without_its_streams(self) -> None:
        route53, logs = client("route53"), client("logs")
        logs.create_log_group(logGroupName="/aws/route53/z")
        group = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/route53/z"
        for arn in (group, group + ":*"):
            zone = route53.create_hosted_zone(Name="example.com", CallerReference=arn)
            made = route53.create_query_logging_config(
                HostedZoneId=zone["HostedZone"]["Id"], CloudWatchLogsLogGroupArn=arn
            )["QueryLoggingConfig"]
            self.assertEqual(made["CloudWatchLogsLogGroupArn"], arn)
            listed = route53.list_query_logging_configs(
                HostedZoneId=zone["HostedZone"]["Id"]
            )["QueryLoggingConfigs"]
            self.assertEqual([c["Id"] for c in listed], [made["Id"]])
        self.assertEqual(
            len(route53.list_query_logging_configs()["QueryLoggingConfigs"]), 2
        )
        self.assert_refused(
            "NoSuchHostedZone",
            route53.list_query_logging_configs,
            HostedZoneId="Z0NONE",
        )
        self.assert_refused(
            "NoSuchCloudWatchLogsLogGroup",
            route53.create_query_logging_config,
            HostedZoneId=zone["HostedZone"]["Id"],
            CloudWatchLogsLogGroupArn=group + "-unknown",
        )
