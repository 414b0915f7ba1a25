from __future__ import annotations

import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tests.support import EmulatorTest, bootstrap_zip, client


class KeyRotation(EmulatorTest):
    def test_has_the_period_that_was_asked_for(self) -> None:
        kms = client("kms")
        key = {"KeyId": kms.create_key()["KeyMetadata"]["KeyId"]}
        self.assertNotIn(
            "RotationPeriodInDays", kms.get_key_rotation_status(**key)
        )
        kms.enable_key_rotation(**key)
        self.assertEqual(
            kms.get_key_rotation_status(**key)["RotationPeriodInDays"], 365
        )
        kms.enable_key_rotation(RotationPeriodInDays=90, **key)
        self.assertEqual(
            kms.get_key_rotation_status(**key)["RotationPeriodInDays"], 90
        )
        kms.disable_key_rotation(**key)
        self.assertFalse(kms.get_key_rotation_status(**key)["KeyRotationEnabled"])


class PublicKey(EmulatorTest):
    def test_names_the_key_behind_an_alias(self) -> None:
        kms = client("kms")
        arn = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")[
            "KeyMetadata"
        ]["Arn"]
        kms.create_alias(AliasName="alias/signs", TargetKeyId=arn)
        for key in (arn, "alias/signs"):
            self.assertEqual(kms.get_public_key(KeyId=key)["KeyId"], arn)


    def test_verifies_what_was_signed_anywhere(self) -> None:
        kms = client("kms")
        key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")[
            "KeyMetadata"
        ]["KeyId"]
        public = load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])
        digest = hashlib.sha256(b"a message").digest()
        for kind, message in (("DIGEST", digest), ("RAW", b"a message")):
            signed = kms.sign(
                KeyId=key,
                Message=message,
                MessageType=kind,
                SigningAlgorithm="ECDSA_SHA_256",
            )["Signature"]
            public.verify(signed, b"a message", ec.ECDSA(hashes.SHA256()))
            for other, same in (("DIGEST", digest), ("RAW", b"a message")):
                self.assertTrue(
                    kms.verify(
                        KeyId=key,
                        Message=same,
                        MessageType=other,
                        Signature=signed,
                        SigningAlgorithm="ECDSA_SHA_256",
                    )["SignatureValid"]
                )


class Rotation(EmulatorTest):
    def setUp(self) -> None:
        super().setUp()
        document = '{"Version": "2012-10-17", "Statement": []}'
        role = client("iam").create_role(
            RoleName="rotation", AssumeRolePolicyDocument=document
        )["Role"]["Arn"]
        self.function = client("lambda").create_function(
            FunctionName="rotation",
            Role=role,
            Runtime="provided.al2023",
            Handler="bootstrap",
            Code={"ZipFile": bootstrap_zip()},
        )["FunctionArn"]
        self.secrets = client("secretsmanager")

    def rotate(self, name: str, **how: Any) -> dict[str, Any]:
        self.secrets.rotate_secret(
            SecretId=name, RotationRules={"AutomaticallyAfterDays": 30}, **how
        )
        return self.secrets.describe_secret(SecretId=name)

    def test_is_set_up_and_leaves_the_value(self) -> None:
        self.secrets.create_secret(Name="db", SecretString="value")
        for immediately in (True, False):
            found = self.rotate(
                "db",
                RotationLambdaARN=self.function,
                RotateImmediately=immediately,
            )
            self.assertTrue(found["RotationEnabled"])
            self.assertEqual(found["RotationRules"]["AutomaticallyAfterDays"], 30)
            value = self.secrets.get_secret_value(SecretId="db")
            self.assertEqual(value["SecretString"], "value")
            self.assertEqual(len(found["VersionIdsToStages"]), 1)

    def test_remembers_its_function(self) -> None:
        self.secrets.create_secret(Name="db", SecretString="value")
        self.rotate("db", RotationLambdaARN=self.function)
        self.assertEqual(self.rotate("db")["RotationLambdaARN"], self.function)

    def test_can_be_set_up_before_there_is_a_value(self) -> None:
        self.secrets.create_secret(Name="db")
        found = self.rotate("db", RotationLambdaARN=self.function)
        self.assertTrue(found["RotationEnabled"])
        self.assertNotIn("VersionIdsToStages", found)

    def test_gives_a_version_its_value_once(self) -> None:
        self.secrets.create_secret(Name="db", SecretString="first")
        token = "22222222-2222-4222-8222-222222222222"

        def put(value: str) -> Any:
            return self.secrets.put_secret_value(
                SecretId="db",
                SecretString=value,
                ClientRequestToken=token,
                VersionStages=["AWSPENDING"],
            )

        self.assertEqual(put("second")["VersionStages"], ["AWSPENDING"])
        self.assertEqual(put("second")["VersionId"], token)
        with self.assertRaises(self.secrets.exceptions.ResourceExistsException):
            put("third")
        kept = self.secrets.get_secret_value(SecretId="db", VersionId=token)
        self.assertEqual(kept["SecretString"], "second")
        value = self.secrets.get_secret_value(SecretId="db")
        self.assertEqual(value["SecretString"], "first")

    def test_needs_a_secret_and_a_function(self) -> None:
        self.assert_refused(
            "ResourceNotFoundException", self.secrets.rotate_secret, SecretId="none"
        )
        self.secrets.create_secret(Name="db", SecretString="value")
        self.assert_refused(
            "ResourceNotFoundException",
            self.secrets.rotate_secret,
            SecretId="db",
            RotationLambdaARN=self.function + "-unknown",
        )


class QueryDefinitions(EmulatorTest):
    def test_are_saved_found_changed_and_deleted(self) -> None:
        logs = client("logs")
        saved = logs.put_query_definition(
            name="slow", queryString="fields @message", logGroupNames=["/app"]
        )
        identifier = saved["queryDefinitionId"]
        logs.put_query_definition(name="other", queryString="fields @timestamp")
        logs.put_query_definition(
            name="slow", queryString="limit 1", queryDefinitionId=identifier
        )
        find = logs.describe_query_definitions
        found = find(queryDefinitionNamePrefix="slo")["queryDefinitions"]
        self.assertEqual([d["queryString"] for d in found], ["limit 1"])
        logs.delete_query_definition(queryDefinitionId=identifier)
        self.assertEqual(len(find()["queryDefinitions"]), 1)
        self.assert_refused(
            "ResourceNotFoundException",
            logs.delete_query_definition,
            queryDefinitionId=identifier,
        )


class ContributorInsights(EmulatorTest):
    def setUp(self) -> None:
        super().setUp()
        self.dynamodb = client("dynamodb")
        self.table()

    def table(self) -> None:
        self.dynamodb.create_table(
            TableName="limits",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        )

    def status(self, **index: str) -> str:
        return self.dynamodb.describe_contributor_insights(
            TableName="limits", **index
        )["ContributorInsightsStatus"]

    def switch(self, action: str, **index: str) -> None:
        self.dynamodb.update_contributor_insights(
            TableName="limits", ContributorInsightsAction=action, **index
        )

    def test_are_switched_for_a_table_and_an_index_apart(self) -> None:
        self.assertEqual(self.status(), "DISABLED")
        self.switch("ENABLE", IndexName="by-user")
        self.assertEqual(self.status(), "DISABLED")
        self.assertEqual(self.status(IndexName="by-user"), "ENABLED")
        self.switch("ENABLE")
        self.assertEqual(self.status(), "ENABLED")
        self.switch("DISABLE")
        self.assertEqual(self.status(), "DISABLED")

    def test_go_with_their_table(self) -> None:
        self.switch("ENABLE")
        self.dynamodb.delete_table(TableName="limits")
        self.assert_refused("ResourceNotFoundException", self.status)
        self.table()
        self.assertEqual(self.status(), "DISABLED")


class Aurora(EmulatorTest):
    def setUp(self) -> None:
        super().setUp()
        self.rds = client("rds")
        self.cluster: dict[str, Any] = self.rds.create_db_cluster(
            DBClusterIdentifier="blue",
            Engine="aurora-postgresql",
            EngineVersion="14.6",
            MasterUsername="cutover",
            ManageMasterUserPassword=True,
        )["DBCluster"]

    def instance(self, **more: Any) -> dict[str, Any]:
        return self.rds.create_db_instance(
            DBInstanceIdentifier="blue-0",
            DBClusterIdentifier="blue",
            Engine="aurora-postgresql",
            DBInstanceClass="db.r6g.large",
            **more,
        )["DBInstance"]

    def test_the_master_secret_holds_the_master_user_and_its_own_password(self) -> None:
        other = self.rds.create_db_cluster(
            DBClusterIdentifier="green",
            Engine="aurora-postgresql",
            MasterUsername="cutover",
            ManageMasterUserPassword=True,
        )["DBCluster"]
        passwords = set()
        for cluster in (self.cluster, other):
            found = client("secretsmanager").get_secret_value(
                SecretId=cluster["MasterUserSecret"]["SecretArn"]
            )
            login = json.loads(found["SecretString"])
            self.assertEqual(login["username"], "cutover")
            passwords.add(login["password"])
        self.assertEqual(len(passwords), 2)

    def test_a_clone_has_a_master_secret_when_it_asks_for_one(self) -> None:
        secrets = client("secretsmanager")
        clone = self.rds.restore_db_cluster_to_point_in_time(
            DBClusterIdentifier="green",
            SourceDBClusterIdentifier="blue",
            RestoreType="copy-on-write",
            UseLatestRestorableTime=True,
        )["DBCluster"]
        self.assertEqual(clone["MasterUsername"], "cutover")
        self.assertNotIn("MasterUserSecret", clone)
        self.assertEqual(len(secrets.list_secrets()["SecretList"]), 1)
        asked = self.rds.modify_db_cluster(
            DBClusterIdentifier="green", ManageMasterUserPassword=True
        )["DBCluster"]
        self.assertNotEqual(
            asked["MasterUserSecret"]["SecretArn"],
            self.cluster["MasterUserSecret"]["SecretArn"],
        )
        self.assertEqual(len(secrets.list_secrets()["SecretList"]), 2)

    def test_a_provisioned_cluster_has_no_scaling_configuration(self) -> None:
        self.assertNotIn("ScalingConfigurationInfo", self.cluster)

    def test_an_instance_has_the_usual_certificate_authority(self) -> None:
        self.assertEqual(
            self.instance()["CACertificateIdentifier"], "rds-ca-rsa2048-g1"
        )

    def test_an_instance_keeps_the_certificate_authority_it_was_given(self) -> None:
        made = self.instance(CACertificateIdentifier="rds-ca-rsa4096-g1")
        self.assertEqual(made["CACertificateIdentifier"], "rds-ca-rsa4096-g1")

    def test_an_instance_keeps_and_changes_performance_insights(self) -> None:
        made = self.instance(
            EnablePerformanceInsights=True, PerformanceInsightsKMSKeyId="key"
        )
        self.assertTrue(made["PerformanceInsightsEnabled"])
        self.assertEqual(made["PerformanceInsightsKMSKeyId"], "key")
        self.assertEqual(made["PerformanceInsightsRetentionPeriod"], 7)
        changed = self.rds.modify_db_instance(
            DBInstanceIdentifier="blue-0", EnablePerformanceInsights=False
        )["DBInstance"]
        self.assertFalse(changed["PerformanceInsightsEnabled"])

    def test_a_protected_cluster_is_not_deleted(self) -> None:
        self.rds.modify_db_cluster(DBClusterIdentifier="blue", DeletionProtection=True)
        self.assert_refused(
            "InvalidParameterCombination",
            self.rds.delete_db_cluster,
            DBClusterIdentifier="blue",
            SkipFinalSnapshot=True,
        )


class ParameterGroups(EmulatorTest):
    PARAMETERS = [
        {
            "ParameterName": "rds.force_ssl",
            "ParameterValue": "1",
            "ApplyMethod": "immediate",
        }
    ]

    def assert_source_is_user(self, describe: Any, **group: str) -> None:
        for source in ({}, {"Source": "user"}):
            found = describe(**source, **group)["Parameters"]
            self.assertEqual(
                [(p["ParameterName"], p["Source"]) for p in found],
                [("rds.force_ssl", "user")],
            )
        found = describe(Source="engine-default", **group)["Parameters"]
        self.assertEqual(found, [])

    def test_of_instances_answer_what_was_set(self) -> None:
        rds, group = client("rds"), {"DBParameterGroupName": "blue"}
        rds.create_db_parameter_group(
            DBParameterGroupFamily="aurora-postgresql14", Description="d", **group
        )
        rds.modify_db_parameter_group(Parameters=self.PARAMETERS, **group)
        self.assert_source_is_user(rds.describe_db_parameters, **group)

    def test_of_clusters_answer_what_was_set(self) -> None:
        rds, group = client("rds"), {"DBClusterParameterGroupName": "blue"}
        rds.create_db_cluster_parameter_group(
            DBParameterGroupFamily="aurora-postgresql14", Description="d", **group
        )
        rds.modify_db_cluster_parameter_group(Parameters=self.PARAMETERS, **group)
        self.assert_source_is_user(rds.describe_db_cluster_parameters, **group)
