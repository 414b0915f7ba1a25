from __future__ import annotations

from typing import Any

from tests.support import EmulatorTest, client


class Endpoints(EmulatorTest):
    def test_are_gone_after_deletion_with_their_routes(self) -> None:
        ec2 = client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        endpoint = ec2.create_vpc_endpoint(
            VpcId=vpc,
            ServiceName="com.amazonaws.us-east-1.s3",
            RouteTableIds=[table],
        )["VpcEndpoint"]["VpcEndpointId"]
        ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
        self.assert_refused(
            "InvalidVpcEndpointId.NotFound",
            ec2.describe_vpc_endpoints,
            VpcEndpointIds=[endpoint],
        )
        routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]
        self.assertEqual([r["GatewayId"] for r in routes["Routes"]], ["local"])


class Vpcs(EmulatorTest):
    def test_take_their_default_network_acl_with_them(self) -> None:
        ec2 = client("ec2")
        before = len(ec2.describe_network_acls()["NetworkAcls"])
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.assertEqual(len(ec2.describe_network_acls()["NetworkAcls"]), before + 1)
        ec2.delete_vpc(VpcId=vpc)
        self.assertEqual(len(ec2.describe_network_acls()["NetworkAcls"]), before)


class SecurityGroupRules(EmulatorTest):
    def setUp(self) -> None:
        super().setUp()
        self.ec2 = client("ec2")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.app, self.database = self.group("app"), self.group("database")

    def group(self, name: str) -> str:
        return self.ec2.create_security_group(
            GroupName=name, Description=name, VpcId=self.vpc
        )["GroupId"]

    def permit(self, **source: Any) -> str:
        made = self.ec2.authorize_security_group_ingress(
            GroupId=self.database,
            IpPermissions=[
                {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, **source}
            ],
        )
        return made["SecurityGroupRules"][0]["SecurityGroupRuleId"]

    def rule(self, identifier: str) -> Any:
        return self.ec2.describe_security_group_rules(
            SecurityGroupRuleIds=[identifier]
        )["SecurityGroupRules"][0]

    def test_keep_their_description_whatever_their_source(self) -> None:
        sources = (
            {"IpRanges": [{"CidrIp": "10.1.0.0/16", "Description": "why"}]},
            {"UserIdGroupPairs": [{"GroupId": self.app, "Description": "why"}]},
            {"PrefixListIds": [{"PrefixListId": "pl-1", "Description": "why"}]},
        )
        for source in sources:
            with self.subTest(source=source):
                self.assertEqual(self.rule(self.permit(**source))["Description"], "why")

    def test_change_as_a_whole(self) -> None:
        identifier = self.permit(IpRanges=[{"CidrIp": "10.1.0.0/16"}])
        self.ec2.modify_security_group_rules(
            GroupId=self.database,
            SecurityGroupRules=[
                {
                    "SecurityGroupRuleId": identifier,
                    "SecurityGroupRule": {
                        "IpProtocol": "-1",
                        "ReferencedGroupId": self.app,
                        "Description": "the application",
                    },
                }
            ],
        )
        rule = self.rule(identifier)
        self.assertEqual(rule["ReferencedGroupInfo"]["GroupId"], self.app)
        self.assertEqual(rule["Description"], "the application")
        self.assertEqual((rule["IpProtocol"], rule["FromPort"]), ("-1", -1))
        self.assertNotIn("CidrIpv4", rule)

    def test_name_exactly_one_source(self) -> None:
        identifier = self.permit(IpRanges=[{"CidrIp": "10.1.0.0/16"}])
        self.assert_refused(
            "InvalidParameterCombination",
            self.ec2.modify_security_group_rules,
            GroupId=self.database,
            SecurityGroupRules=[
                {
                    "SecurityGroupRuleId": identifier,
                    "SecurityGroupRule": {
                        "IpProtocol": "-1",
                        "ReferencedGroupId": self.app,
                        "CidrIpv4": "10.1.0.0/16",
                    },
                }
            ],
        )
