from __future__ import annotations

from cutover_emulator.inventory import count
from cutover_emulator.inventory.aws import Aws
from tests.support import EmulatorTest, client, endpoint


class Inventory(EmulatorTest):
    def counts(self) -> dict[str, int]:
        return count(Aws(endpoint()))

    def test_of_an_empty_account_is_empty(self) -> None:
        self.assertEqual(self.counts(), {})

    def test_counts_what_was_made_and_not_what_was_there(self) -> None:
        ec2 = client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")
        client("s3").create_bucket(Bucket="data")
        client("sns").create_topic(Name="t")
        self.assertEqual(
            self.counts(),
            {
                "ec2: VPC": 1,
                "ec2: network ACL": 1,
                "ec2: route table": 1,
                "ec2: security group": 1,
                "ec2: subnet": 1,
                "s3: bucket": 1,
                "sns: topic": 1,
            },
        )

    def test_counts_what_watches_the_account(self) -> None:
        client("accessanalyzer").create_analyzer(analyzerName="ours", type="ACCOUNT")
        client("config").put_retention_configuration(RetentionPeriodInDays=400)
        client("logs").put_account_policy(
            policyName="archive",
            policyType="SUBSCRIPTION_FILTER_POLICY",
            policyDocument="{}",
        )
        self.assertEqual(
            self.counts(),
            {
                "accessanalyzer: analyzer": 1,
                "config: retention": 1,
                "logs: account policy": 1,
            },
        )

    def test_counts_more_than_one_page(self) -> None:
        ssm = client("ssm")
        for number in range(60):
            ssm.put_parameter(Name=f"/p/{number}", Value="v", Type="String")
        self.assertEqual(self.counts(), {"ssm: parameter": 60})

    def test_counts_keys_that_wait_for_deletion_apart(self) -> None:
        kms = client("kms")
        keys = [kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(3)]
        kms.create_alias(AliasName="alias/cutover", TargetKeyId=keys[0])
        kms.schedule_key_deletion(KeyId=keys[2], PendingWindowInDays=7)
        self.assertEqual(
            self.counts(), {"kms: alias": 1, "kms: key": 2, "kms: pending deletion": 1}
        )

    def test_leaves_out_keys_that_aws_makes_for_itself(self) -> None:
        client("dynamodb").create_table(
            TableName="t",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            SSESpecification={"Enabled": True, "SSEType": "KMS"},
        )
        self.assertEqual(self.counts(), {"dynamodb: table": 1})

    def test_leaves_out_what_is_only_remembered_as_deleted(self) -> None:
        ec2 = client("ec2")
        gateway = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
        self.assertEqual(
            self.counts(),
            {"ec2: transit gateway": 1, "ec2: transit gateway route table": 1},
        )
        ec2.delete_transit_gateway(TransitGatewayId=gateway)
        client("ecs").create_cluster(clusterName="c")
        client("ecs").delete_cluster(cluster="c")
        self.assertEqual(self.counts(), {})
