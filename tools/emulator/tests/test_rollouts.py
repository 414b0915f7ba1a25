from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from tests.support import EmulatorTest, client, endpoint


class ServiceTest(EmulatorTest):
    """A service of three tasks behind a target group, steady."""

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
        self.settled()

    def task(self, image: str = "api@sha256:good") -> str:
        return self.ecs.register_task_definition(
            family="api",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[{"name": "api", "image": image}],
        )["taskDefinition"]["taskDefinitionArn"]

    def create(self, digest: str = "sha256:good") -> None:
        self.ecs.create_service(
            cluster="green",
            serviceName="api",
            taskDefinition=self.task("api@" + digest),
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

    def settled(self) -> dict[str, Any]:
        """The service when its deployment is over, as a waiting provider sees it."""
        for _ in range(20):
            found = self.service()
            primary = found["deployments"][0]
            if primary["rolloutState"] != "IN_PROGRESS":
                return found
        self.fail(f"the deployment does not end: {primary}")

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


class Services(ServiceTest):
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
        deployment = self.settled()["deployments"][0]
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
        self.settled()
        self.assertEqual(len(self.health()), 3)


class Rollouts(ServiceTest):
    """What becomes of a deployment."""

    BROKEN = "sha256:broken"

    def admin(self, method: str, body: bytes = b"") -> int:
        request = urllib.request.Request(
            endpoint() + "/_cutover/ecs/broken-images", method=method, data=body
        )
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            return refused.code

    def break_image(self, fault: str) -> None:
        body = json.dumps({"image": self.BROKEN, "fault": fault}).encode()
        self.assertEqual(self.admin("POST", body), 204)

    def deploy(self, image: str) -> str:
        task = self.task(image)
        self.ecs.update_service(taskDefinition=task, **self.NAMES)
        return task

    def states(self) -> list[tuple[str, str]]:
        """Status and state of all deployments after one step."""
        found = self.service()["deployments"]
        return [(each["status"], each["rolloutState"]) for each in found]

    def tasks(self, status: str) -> list[dict[str, Any]]:
        arns = self.ecs.list_tasks(
            cluster="green", serviceName="api", desiredStatus=status
        )["taskArns"]
        if not arns:
            return []
        return self.ecs.describe_tasks(cluster="green", tasks=arns)["tasks"]

    def messages(self) -> str:
        return "\n".join(event["message"] for event in self.service()["events"])

    def test_take_their_course(self) -> None:
        former = self.service()["taskDefinition"]
        answer = self.ecs.update_service(
            taskDefinition=self.task("api@sha256:next"), **self.NAMES
        )["service"]
        self.assertEqual(answer["deployments"][0]["rolloutState"], "IN_PROGRESS")
        self.assertEqual(answer["deployments"][0]["pendingCount"], 3)
        self.assertEqual(answer["deployments"][1]["taskDefinition"], former)
        self.assertEqual(answer["deployments"][1]["runningCount"], 3)
        active = ("ACTIVE", "COMPLETED")
        self.assertEqual(self.states(), [("PRIMARY", "IN_PROGRESS"), active])
        self.assertEqual(self.states(), [("PRIMARY", "COMPLETED")])
        self.assertIn("has reached a steady state.", self.messages())

    def test_run_a_task_in_every_zone_with_the_digest_of_its_image(self) -> None:
        running = self.tasks("RUNNING")
        self.assertEqual(len(running), 3)
        zones = {subnet["AvailabilityZone"] for subnet in self.zones()}
        self.assertEqual({task["availabilityZone"] for task in running}, zones)
        for task in running:
            self.assertEqual(task["containers"][0]["imageDigest"], "sha256:good")
            self.assertEqual(task["healthStatus"], "HEALTHY")
            self.assertEqual(task["taskDefinitionArn"], self.service()["taskDefinition"])

    def zones(self) -> list[dict[str, Any]]:
        return client("ec2").describe_subnets(SubnetIds=self.subnets)["Subnets"]

    def test_go_back_when_their_tasks_do_not_start(self) -> None:
        former = self.service()
        before = {task["taskArn"] for task in self.tasks("RUNNING")}
        self.break_image("pull")
        broken = self.deploy("api@" + self.BROKEN)
        primary = self.service()["deployments"][0]
        self.assertEqual(primary["rolloutState"], "IN_PROGRESS")
        self.assertIn("rolling back", primary["rolloutStateReason"])
        found = self.settled()
        self.assertEqual(len(found["deployments"]), 1, "a waiting provider calls it stable")
        self.assertEqual(found["deployments"][0]["id"], former["deployments"][0]["id"])
        self.assertEqual(found["deployments"][0]["rolloutState"], "COMPLETED")
        self.assertEqual(found["taskDefinition"], former["taskDefinition"])
        self.assertEqual((found["runningCount"], found["pendingCount"]), (3, 0))
        self.assertEqual({t["taskArn"] for t in self.tasks("RUNNING")}, before)
        self.assertIn("deployment failed: tasks failed to start.", self.messages())
        self.assertIn("rolling back to deployment ecs-svc/", self.messages())
        stopped = self.tasks("STOPPED")[0]
        self.assertEqual(stopped["taskDefinitionArn"], broken)
        self.assertIn("CannotPullContainerError", stopped["stoppedReason"])
        self.assertEqual(stopped["stopCode"], "TaskFailedToStart")

    def test_bear_as_many_failures_as_the_circuit_breaker(self) -> None:
        self.ecs.update_service(desiredCount=1, **self.NAMES)
        self.break_image("exit")
        self.deploy("api@" + self.BROKEN)
        for failed in (1, 2):
            self.assertEqual(self.service()["deployments"][0]["failedTasks"], failed)
        self.assertIn("rolling back", self.service()["deployments"][0]["rolloutStateReason"])

    def test_fail_for_good_where_nothing_was_complete_before(self) -> None:
        self.ecs.delete_service(force=True, **self.NAMES)
        self.break_image("health")
        self.create(self.BROKEN)
        found = self.settled()
        self.assertEqual(found["deployments"][0]["rolloutState"], "FAILED")
        self.assertEqual(found["runningCount"], 0)
        self.assertIn("health checks", self.tasks("STOPPED")[0]["stoppedReason"])

    def test_go_on_without_end_when_nothing_breaks_the_circuit(self) -> None:
        off = {"deploymentCircuitBreaker": {"enable": False, "rollback": False}}
        self.ecs.update_service(deploymentConfiguration=off, **self.NAMES)
        self.break_image("exit")
        self.deploy("api@" + self.BROKEN)
        for _ in range(5):
            state = self.service()["deployments"][0]["rolloutState"]
            self.assertEqual(state, "IN_PROGRESS")
        self.assertEqual(len(self.health()), 3, "the former tasks go on")

    def test_go_back_when_an_alarm_rises(self) -> None:
        former = self.service()["taskDefinition"]
        cloudwatch = client("cloudwatch")
        cloudwatch.put_metric_alarm(
            AlarmName="errors",
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=1,
            MetricName="m",
            Namespace="n",
            Period=60,
            Statistic="Sum",
            Threshold=1,
        )
        alarms = {"alarmNames": ["errors"], "enable": True, "rollback": True}
        self.ecs.update_service(deploymentConfiguration={"alarms": alarms}, **self.NAMES)
        self.deploy("api@sha256:next")
        self.service()
        cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="x")
        self.assertEqual(self.settled()["taskDefinition"], former)
        self.assertIn("deployment failed: alarm detected.", self.messages())

    def test_work_again_when_the_image_is_mended(self) -> None:
        self.break_image("pull")
        self.assertEqual(self.admin("DELETE"), 204)
        task = self.deploy("api@" + self.BROKEN)
        self.assertEqual(self.settled()["taskDefinition"], task)

    def test_refuse_faults_that_they_do_not_know(self) -> None:
        for body in (b'{"image": "a", "fault": "tired"}', b'{"fault": "pull"}', b"x"):
            self.assertEqual(self.admin("POST", body), 400)

    def test_keep_their_service_connect_configuration(self) -> None:
        connect = {"enabled": True, "namespace": "green"}
        self.ecs.update_service(serviceConnectConfiguration=connect, **self.NAMES)
        deployment = self.settled()["deployments"][0]
        self.assertEqual(deployment["serviceConnectConfiguration"], connect)
