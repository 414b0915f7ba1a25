from __future__ import annotations

from typing import Any

from tests.support import EmulatorTest, bootstrap_zip, client


class Functions(EmulatorTest):
    ROLE = {
        "RoleName": "function",
        "AssumeRolePolicyDocument": '{"Version": "2012-10-17", "Statement": []}',
    }

    def setUp(self) -> None:
        super().setUp()
        self.awslambda = client("lambda")
        role = client("iam").create_role(**self.ROLE)["Role"]["Arn"]
        self.required = {
            "FunctionName": "sync",
            "Role": role,
            "Runtime": "provided.al2023",
            "Handler": "bootstrap",
            "Architectures": ["arm64"],
            "Code": {"ZipFile": bootstrap_zip()},
        }

    def configuration(self) -> dict[str, Any]:
        return self.awslambda.get_function_configuration(FunctionName="sync")

    def test_log_by_default_as_text_to_their_own_group(self) -> None:
        self.awslambda.create_function(**self.required)
        self.assertEqual(
            self.configuration()["LoggingConfig"],
            {"LogFormat": "Text", "LogGroup": "/aws/lambda/sync"},
        )
        self.assertNotIn("DeadLetterConfig", self.configuration())

    def test_keep_and_change_logging_and_dead_letters(self) -> None:
        json_logs = {"LogFormat": "JSON", "ApplicationLogLevel": "INFO"}
        queue = "arn:aws:sqs:us-east-1:123456789012:"
        self.awslambda.create_function(
            LoggingConfig=json_logs,
            DeadLetterConfig={"TargetArn": queue + "one"},
            **self.required,
        )
        found = self.configuration()
        self.assertEqual(found["LoggingConfig"]["ApplicationLogLevel"], "INFO")
        self.assertEqual(found["DeadLetterConfig"]["TargetArn"], queue + "one")
        self.awslambda.update_function_configuration(
            FunctionName="sync",
            DeadLetterConfig={"TargetArn": queue + "two"},
            TracingConfig={"Mode": "Active"},
            EphemeralStorage={"Size": 1024},
            KMSKeyArn="arn:aws:kms:us-east-1:123456789012:key/k",
        )
        found = self.configuration()
        self.assertEqual(found["LoggingConfig"]["LogFormat"], "JSON")
        self.assertEqual(found["DeadLetterConfig"]["TargetArn"], queue + "two")
        self.assertEqual(found["TracingConfig"], {"Mode": "Active"})
        self.assertEqual(found["EphemeralStorage"], {"Size": 1024})
        self.assertTrue(found["KMSKeyArn"].endswith("key/k"))


class StateMachines(EmulatorTest):
    def test_list_their_versions_newest_first(self) -> None:
        states = client("stepfunctions")
        definition = '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'
        machine = states.create_state_machine(
            name="backfill",
            definition=definition,
            roleArn="arn:aws:iam::123456789012:role/states",
        )["stateMachineArn"]
        listed = states.list_state_machine_versions
        self.assertEqual(listed(stateMachineArn=machine)["stateMachineVersions"], [])
        for _ in range(2):
            states.update_state_machine(
                stateMachineArn=machine, definition=definition, publish=True
            )
        found = listed(stateMachineArn=machine)["stateMachineVersions"]
        self.assertEqual(
            [v["stateMachineVersionArn"] for v in found],
            [f"{machine}:2", f"{machine}:1"],
        )


class Services(EmulatorTest):
    NAMES = {"cluster": "green", "service": "api"}

    def setUp(self) -> None:
        super().setUp()
        self.ecs, self.elbv2 = client("ecs"), client("elbv2")
        self.ecs.create_cluster(clusterName="green")
        ec2 = client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)["Subnet"]["SubnetId"]
            for cidr in ("10.0.1.0/24", "10.0.2.0/24")
        ]
        self.security_group = ec2.create_security_group(
            GroupName="api", Description="api", VpcId=vpc
        )["GroupId"]
        self.targets = self.elbv2.create_target_group(
            Name="api", Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip"
        )["TargetGroups"][0]["TargetGroupArn"]
        self.create()

    def task(self) -> str:
        return self.ecs.register_task_definition(
            family="api",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[{"name": "api", "image": "api@sha256:0"}],
        )["taskDefinition"]["taskDefinitionArn"]

    def create(self) -> None:
        self.ecs.create_service(
            cluster="green",
            serviceName="api",
            taskDefinition=self.task(),
            desiredCount=3,
            launchType="FARGATE",
            availabilityZoneRebalancing="ENABLED",
            deploymentConfiguration={
                "deploymentCircuitBreaker": {"enable": True, "rollback": True},
                "minimumHealthyPercent": 100,
                "maximumPercent": 200,
            },
            healthCheckGracePeriodSeconds=30,
            enableECSManagedTags=True,
            loadBalancers=[
                {
                    "targetGroupArn": self.targets,
                    "containerName": "api",
                    "containerPort": 8080,
                }
            ],
            networkConfiguration={
                "awsvpcConfiguration": {
                    "subnets": self.subnets,
                    "securityGroups": [self.security_group],
                }
            },
        )

    def service(self) -> dict[str, Any]:
        return self.ecs.describe_services(cluster="green", services=["api"])[
            "services"
        ][0]

    def health(self) -> dict[str, str]:
        found = self.elbv2.describe_target_health(TargetGroupArn=self.targets)
        return {
            t["Target"]["Id"]: t["TargetHealth"]["State"]
            for t in found["TargetHealthDescriptions"]
        }

    def running(self) -> int:
        return self.ecs.describe_clusters(clusters=["green"])["clusters"][0][
            "runningTasksCount"
        ]

    def test_keep_their_deployment_settings(self) -> None:
        service = self.service()
        breaker = service["deploymentConfiguration"]["deploymentCircuitBreaker"]
        self.assertEqual(breaker, {"enable": True, "rollback": True})
        self.assertEqual(service["healthCheckGracePeriodSeconds"], 30)
        self.assertEqual(service["availabilityZoneRebalancing"], "ENABLED")
        self.assertTrue(service["enableECSManagedTags"])
        self.assertFalse(service["enableExecuteCommand"])

    def test_become_steady(self) -> None:
        service = self.service()
        self.assertEqual((service["runningCount"], service["pendingCount"]), (3, 0))
        self.assertEqual(len(service["deployments"]), 1)
        self.assertEqual(service["deployments"][0]["rolloutState"], "COMPLETED")
        self.assertEqual(self.running(), 3)

    def test_have_a_healthy_target_a_task_over_all_subnets(self) -> None:
        health = self.health()
        self.assertEqual(list(health.values()), ["healthy"] * 3)
        networks = {address.rpartition(".")[0] for address in health}
        self.assertEqual(networks, {"10.0.1", "10.0.2"})

    def test_follow_a_new_count_and_keep_the_former_targets(self) -> None:
        before = set(self.health())
        self.ecs.update_service(desiredCount=5, **self.NAMES)
        self.assertLess(before, set(self.health()))
        self.assertEqual(len(self.health()), 5)
        self.ecs.update_service(desiredCount=1, **self.NAMES)
        self.assertEqual(len(self.health()), 1)
        self.assertEqual(self.running(), 1)

    def test_complete_a_new_deployment_for_a_new_task(self) -> None:
        former = self.service()["deployments"][0]["id"]
        task = self.task()
        self.ecs.update_service(taskDefinition=task, **self.NAMES)
        deployment = self.service()["deployments"][0]
        self.assertNotEqual(deployment["id"], former)
        self.assertEqual(deployment["taskDefinition"], task)
        self.assertEqual(deployment["rolloutState"], "COMPLETED")
        self.ecs.update_service(healthCheckGracePeriodSeconds=60, **self.NAMES)
        self.assertEqual(self.service()["deployments"][0]["id"], deployment["id"])
        self.assertEqual(self.service()["healthCheckGracePeriodSeconds"], 60)

    def test_live_in_clusters_that_are_not_listed_after_deletion(self) -> None:
        self.ecs.delete_service(force=True, **self.NAMES)
        self.ecs.delete_cluster(cluster="green")
        self.assertEqual(self.ecs.list_clusters()["clusterArns"], [])

    def test_are_not_listed_after_deletion_and_leave_no_target(self) -> None:
        self.ecs.delete_service(force=True, **self.NAMES)
        self.assertEqual(self.ecs.list_services(cluster="green")["serviceArns"], [])
        self.assertEqual(self.service()["status"], "INACTIVE")
        self.assertEqual(self.health(), {})
        self.assertEqual(self.running(), 0)
        self.create()
        self.assertEqual(len(self.health()), 3)
