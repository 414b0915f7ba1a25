from __future__ import annotations

import json

from tests.support import EmulatorTest, client


class Certificates(EmulatorTest):
    def test_have_the_key_algorithm_that_was_asked_for(self) -> None:
        acm = client("acm")
        for asked, told in (("EC_prime256v1", "EC_prime256v1"), (None, "RSA_2048")):
            algorithm = {"KeyAlgorithm": asked} if asked else {}
            made = acm.request_certificate(
                DomainName="pay.example.com", ValidationMethod="DNS", **algorithm
            )
            found = acm.describe_certificate(CertificateArn=made["CertificateArn"])
            self.assertEqual(found["Certificate"]["KeyAlgorithm"], told)


class LoadBalancers(EmulatorTest):
    def balancer(self, **more: str) -> dict:
        ec2 = client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone)
            for cidr, zone in (
                ("10.0.1.0/24", "us-east-1a"),
                ("10.0.2.0/24", "us-east-1b"),
            )
        ]
        made = client("elbv2").create_load_balancer(
            Name="green", Subnets=[s["Subnet"]["SubnetId"] for s in subnets], **more
        )
        return made["LoadBalancers"][0]

    def test_face_the_internet_unless_told_otherwise(self) -> None:
        self.assertEqual(self.balancer()["Scheme"], "internet-facing")

    def test_keep_the_scheme_they_were_given(self) -> None:
        self.assertEqual(self.balancer(Scheme="internal")["Scheme"], "internal")

    def test_tell_of_zonal_shift_also_where_nobody_set_it(self) -> None:
        told = client("elbv2").describe_load_balancer_attributes(
            LoadBalancerArn=self.balancer()["LoadBalancerArn"]
        )
        attributes = {a["Key"]: a["Value"] for a in told["Attributes"]}
        self.assertEqual(attributes.get("zonal_shift.config.enabled"), "false")

    def test_are_active_at_once(self) -> None:
        self.assertEqual(self.balancer()["State"]["Code"], "active")


class HealthChecks(EmulatorTest):
    def test_keep_what_an_update_does_not_name(self) -> None:
        route53 = client("route53")
        child = route53.create_health_check(
            CallerReference="child",
            HealthCheckConfig={
                "Type": "HTTPS",
                "FullyQualifiedDomainName": "blue.example.com",
                "Regions": ["us-east-1", "us-west-1", "eu-west-1"],
            },
        )["HealthCheck"]["Id"]
        both = route53.create_health_check(
            CallerReference="sum",
            HealthCheckConfig={
                "Type": "CALCULATED",
                "HealthThreshold": 1,
                "ChildHealthChecks": [child],
            },
        )["HealthCheck"]["Id"]
        for check in (child, both):
            route53.update_health_check(
                HealthCheckId=check, Disabled=True, Inverted=True
            )
        found = route53.get_health_check(HealthCheckId=both)["HealthCheck"]
        self.assertEqual(found["HealthCheckConfig"]["ChildHealthChecks"], [child])
        self.assertTrue(found["HealthCheckConfig"]["Disabled"])
        self.assertTrue(found["HealthCheckConfig"]["Inverted"])
        self.assertEqual(found["HealthCheckVersion"], 2)
        found = route53.get_health_check(HealthCheckId=child)["HealthCheck"]
        self.assertEqual(len(found["HealthCheckConfig"]["Regions"]), 3)

    def test_take_other_children(self) -> None:
        route53 = client("route53")
        ids = [
            route53.create_health_check(
                CallerReference=name,
                HealthCheckConfig={"Type": "HTTPS", "FullyQualifiedDomainName": name},
            )["HealthCheck"]["Id"]
            for name in ("a.example.com", "b.example.com")
        ]
        both = route53.create_health_check(
            CallerReference="sum",
            HealthCheckConfig={
                "Type": "CALCULATED",
                "HealthThreshold": 1,
                "ChildHealthChecks": ids[:1],
            },
        )["HealthCheck"]["Id"]
        route53.update_health_check(HealthCheckId=both, ChildHealthChecks=ids[1:])
        found = route53.get_health_check(HealthCheckId=both)["HealthCheck"]
        self.assertEqual(found["HealthCheckConfig"]["ChildHealthChecks"], ids[1:])


class PrivateZones(EmulatorTest):
    def test_take_more_networks(self) -> None:
        route53, ec2 = client("route53"), client("ec2")
        first, second = (
            ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
            for cidr in ("10.0.0.0/16", "10.1.0.0/16")
        )
        zone = route53.create_hosted_zone(
            Name="local.cutover.internal",
            CallerReference="1",
            VPC={"VPCRegion": "us-east-1", "VPCId": first},
        )["HostedZone"]
        self.assertTrue(zone["Config"]["PrivateZone"])
        route53.associate_vpc_with_hosted_zone(
            HostedZoneId=zone["Id"], VPC={"VPCRegion": "us-east-1", "VPCId": second}
        )
        found = route53.get_hosted_zone(Id=zone["Id"])["VPCs"]
        self.assertEqual({v["VPCId"] for v in found}, {first, second})

    def test_are_public_without_a_network(self) -> None:
        zone = client("route53").create_hosted_zone(
            Name="cutover.example", CallerReference="1"
        )["HostedZone"]
        self.assertFalse(zone["Config"]["PrivateZone"])


class Queues(EmulatorTest):
    ALLOW = json.dumps({"redrivePermission": "denyAll"})

    def setUp(self) -> None:
        super().setUp()
        self.sqs = client("sqs")
        self.queue = self.sqs.create_queue(QueueName="q")["QueueUrl"]

    def put(self, **attributes: str) -> dict[str, str]:
        self.sqs.set_queue_attributes(QueueUrl=self.queue, Attributes=attributes)
        return self.sqs.get_queue_attributes(
            QueueUrl=self.queue, AttributeNames=["All"]
        )["Attributes"]

    def test_say_who_may_use_them_for_dead_letters(self) -> None:
        self.assertEqual(
            self.put(RedriveAllowPolicy=self.ALLOW).get("RedriveAllowPolicy"),
            self.ALLOW,
        )

    def test_tell_where_dead_letters_go_without_white_space(self) -> None:
        letters = self.sqs.create_queue(QueueName="letters")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(
            QueueUrl=letters, AttributeNames=["QueueArn"]
        )["Attributes"]["QueueArn"]
        given = f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": 5}}'
        self.assertEqual(
            self.put(RedrivePolicy=given).get("RedrivePolicy"), given.replace(" ", "")
        )
        self.assertNotIn("RedrivePolicy", self.put(RedrivePolicy=""))

    def test_keep_their_policy_when_something_else_changes(self) -> None:
        statement = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*"}
        statement["Resource"] = "*"
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.put(Policy=policy)
        self.assertEqual(self.put(VisibilityTimeout="60").get("Policy"), policy)
