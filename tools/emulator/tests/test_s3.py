from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

from tests.support import EmulatorTest, client

METRICS = {"Id": "all"}
TIERING = {
    "Id": "all",
    "Status": "Enabled",
    "Tierings": [{"Days": 125, "AccessTier": "ARCHIVE_ACCESS"}],
}


class BucketTest(EmulatorTest):
    def setUp(self) -> None:
        super().setUp()
        self.s3 = client("s3")

    def bucket(self, **more: Any) -> dict[str, str]:
        self.s3.create_bucket(Bucket="data", **more)
        return {"Bucket": "data"}


class ConfigurationsById(BucketTest):
    def setUp(self) -> None:
        super().setUp()
        self.name = self.bucket()
        self.s3.put_bucket_policy(Policy='{"Statement": []}', **self.name)
        self.s3.put_bucket_metrics_configuration(
            Id="all", MetricsConfiguration=METRICS, **self.name
        )
        self.s3.put_bucket_intelligent_tiering_configuration(
            Id="all", IntelligentTieringConfiguration=TIERING, **self.name
        )

    def test_are_read_and_listed_as_put(self) -> None:
        found = self.s3.get_bucket_intelligent_tiering_configuration(
            Id="all", **self.name
        )
        self.assertEqual(found["IntelligentTieringConfiguration"], TIERING)
        found = self.s3.list_bucket_metrics_configurations(**self.name)
        self.assertEqual(found["MetricsConfigurationList"], [METRICS])

    def test_leave_the_bucket_as_it_was(self) -> None:
        self.s3.delete_bucket_metrics_configuration(Id="all", **self.name)
        self.assertEqual(
            self.s3.get_bucket_policy(**self.name)["Policy"], '{"Statement": []}'
        )

    def test_are_gone_once_deleted_and_with_their_bucket(self) -> None:
        self.s3.delete_bucket_metrics_configuration(Id="all", **self.name)
        read = self.s3.get_bucket_metrics_configuration
        self.assert_refused("NoSuchConfiguration", read, Id="all", **self.name)
        self.s3.delete_bucket(**self.name)
        self.assert_refused("NoSuchBucket", read, Id="all", **self.name)
        self.bucket()
        listed = self.s3.list_bucket_intelligent_tiering_configurations(**self.name)
        self.assertNotIn("IntelligentTieringConfigurationList", listed)


class Notifications(BucketTest):
    def test_to_event_bridge_are_answered(self) -> None:
        name = self.bucket()
        self.s3.put_bucket_notification_configuration(
            NotificationConfiguration={"EventBridgeConfiguration": {}}, **name
        )
        found = self.s3.get_bucket_notification_configuration(**name)
        self.assertEqual(found.get("EventBridgeConfiguration"), {})

    def test_to_event_bridge_are_answered_beside_others(self) -> None:
        name = self.bucket()
        queue = client("sqs").create_queue(QueueName="q")["QueueUrl"]
        arn = client("sqs").get_queue_attributes(
            QueueUrl=queue, AttributeNames=["QueueArn"]
        )["Attributes"]["QueueArn"]
        to_queue = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
        for configuration in (
            {"QueueConfigurations": [to_queue], "EventBridgeConfiguration": {}},
            {"QueueConfigurations": [to_queue]},
        ):
            self.s3.put_bucket_notification_configuration(
                NotificationConfiguration=configuration, **name
            )
            found = self.s3.get_bucket_notification_configuration(**name)
            self.assertEqual(len(found["QueueConfigurations"]), 1)
            self.assertEqual(
                "EventBridgeConfiguration" in found,
                "EventBridgeConfiguration" in configuration,
            )


class ObjectLock(BucketTest):
    def setUp(self) -> None:
        super().setUp()
        self.name = self.bucket(ObjectLockEnabledForBucket=True)

    def lock(self, **rule: Any) -> None:
        self.s3.put_object_lock_configuration(
            ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", **rule},
            **self.name,
        )

    def test_keeps_versioning(self) -> None:
        self.assert_refused(
            "InvalidBucketState",
            self.s3.put_bucket_versioning,
            VersioningConfiguration={"Status": "Suspended"},
            **self.name,
        )

    def test_takes_and_gives_back_a_default_retention_with_objects_there(self) -> None:
        self.s3.put_object(Key="k", Body=b"v", **self.name)
        retention = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 3}}
        self.lock(Rule=retention)
        read = self.s3.get_object_lock_configuration
        found = read(**self.name)["ObjectLockConfiguration"]
        self.assertEqual(found["Rule"], retention)
        self.lock()
        self.assertNotIn("Rule", read(**self.name)["ObjectLockConfiguration"])

    def test_an_object_is_kept_for_the_default_days_or_years(self) -> None:
        for unit, number, days in ("Days", 3, 3), ("Years", 2, 730):
            with self.subTest(unit):
                retention = {"Mode": "GOVERNANCE", unit: number}
                self.lock(Rule={"DefaultRetention": retention})
                put = datetime.now(timezone.utc)
                self.s3.put_object(Key=unit, Body=b"v", **self.name)
                found = self.s3.head_object(Key=unit, **self.name)
                until = found["ObjectLockRetainUntilDate"]
                self.assertEqual(found["ObjectLockMode"], "GOVERNANCE")
                self.assertAlmostEqual((until - put) / timedelta(days=1), days, 1)


class Lifecycle(BucketTest):
    def test_keeps_the_newer_versions_of_the_right_rule(self) -> None:
        name = self.bucket()
        expirations = [
            {"NoncurrentDays": 1},
            {"NoncurrentDays": 2, "NewerNoncurrentVersions": 3},
        ]
        self.s3.put_bucket_lifecycle_configuration(
            LifecycleConfiguration={
                "Rules": [
                    {
                        "ID": f"r{days['NoncurrentDays']}",
                        "Status": "Enabled",
                        "Filter": {"Prefix": ""},
                        "NoncurrentVersionExpiration": days,
                    }
                    for days in expirations
                ]
            },
            **name,
        )
        rules = self.s3.get_bucket_lifecycle_configuration(**name)["Rules"]
        self.assertEqual(
            [r["NoncurrentVersionExpiration"] for r in rules], expirations
        )


class PolicyConditions(BucketTest):
    def with_policy(self, effect: str, **condition: Any) -> None:
        name = self.bucket()
        statement = {
            "Effect": effect,
            "Principal": "*",
            "Action": "s3:*",
            "Resource": ["arn:aws:s3:::data", "arn:aws:s3:::data/*"],
            "Condition": condition,
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        self.s3.put_bucket_policy(Policy=json.dumps(policy), **name)

    def put(self) -> None:
        self.s3.put_object(Bucket="data", Key="k", Body=b"v")

    def test_a_demand_for_tls_lets_requests_through(self) -> None:
        self.with_policy("Deny", Bool={"aws:SecureTransport": "false"})
        self.put()
        self.assertEqual(self.s3.list_objects_v2(Bucket="data")["KeyCount"], 1)

    def test_a_condition_that_is_met_denies(self) -> None:
        self.with_policy("Deny", Bool={"aws:SecureTransport": "true"})
        self.assert_refused("403", self.put)

    def test_another_account_is_denied_and_this_one_is_not(self) -> None:
        for account, denied in (("123456789012", False), ("999999999999", True)):
            with self.subTest(account=account):
                super().setUp()
                self.with_policy(
                    "Deny", StringNotEquals={"aws:PrincipalAccount": [account]}
                )
                if denied:
                    self.assert_refused("403", self.put)
                else:
                    self.put()

    def test_what_is_not_known_of_a_request_denies_nothing(self) -> None:
        self.with_policy("Deny", StringNotEquals={"aws:SourceVpce": "vpce-1"})
        self.put()

    def test_an_allow_with_a_condition_denies_nothing(self) -> None:
        self.with_policy("Allow", StringEquals={"aws:SourceVpce": "vpce-1"})
        self.put()

    def test_the_policy_itself_is_answered_unchanged(self) -> None:
        self.with_policy("Deny", Bool={"aws:SecureTransport": "false"})
        self.put()
        policy = json.loads(self.s3.get_bucket_policy(Bucket="data")["Policy"])
        self.assertIn("Condition", policy["Statement"][0])


class AccessLogs(BucketTest):
    """The policy's elements are written as one value or as a list."""

    def setUp(self) -> None:
        super().setUp()
        self.bucket()
        self.s3.create_bucket(Bucket="logs")

    def admit(self, **changed: Any) -> None:
        statement: dict[str, Any] = {
            "Effect": "Allow",
            "Principal": {"Service": ["logging.s3.amazonaws.com"]},
            "Action": ["s3:PutObject"],
            "Resource": ["arn:aws:s3:::logs/*"],
        }
        self.s3.put_bucket_policy(
            Bucket="logs", Policy=json.dumps({"Statement": [{**statement, **changed}]})
        )

    def log(self) -> dict[str, Any]:
        enabled = {"TargetBucket": "logs", "TargetPrefix": "data/"}
        self.s3.put_bucket_logging(
            Bucket="data", BucketLoggingStatus={"LoggingEnabled": enabled}
        )
        found: dict[str, Any] = self.s3.get_bucket_logging(Bucket="data")
        return found["LoggingEnabled"]

    def test_go_where_the_policy_lets_the_service_put(self) -> None:
        self.admit()
        self.assertEqual(self.log()["TargetPrefix"], "data/")
        self.admit(Resource="arn:aws:s3:::logs/data/*", Action="s3:PutObject")
        self.assertEqual(self.log()["TargetBucket"], "logs")

    def test_go_nowhere_else(self) -> None:
        for changed in (
            {"Effect": "Deny"},
            {"Principal": {"Service": ["cloudtrail.amazonaws.com"]}},
            {"Principal": "*"},
            {"Action": ["s3:GetObject"]},
            {"Resource": ["arn:aws:s3:::data/*"]},
        ):
            self.admit(**changed)
            self.assert_refused("InvalidTargetBucketForLogging", self.log)
