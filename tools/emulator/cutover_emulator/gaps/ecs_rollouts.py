"""ECS: deployments that take their course, and go back when they fail.

A deployment takes a step whenever its service is described, so that a test that
looks sees every state in order and nothing depends on a clock.
"""

from __future__ import annotations

import math
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.utils import utcnow
from moto.ecs.models import EC2ContainerServiceBackend, ecs_backends
from moto.moto_api._internal import mock_random

from cutover_emulator.gaps import ecs_tasks
from cutover_emulator.patching import replace, store

#: How tasks with a broken image end, by kind: the reason and code of the task
#: (Amazon ECS developer guide, "Stopped tasks error messages") and what its
#: container shows.
FAULTS: dict[str, dict[str, Any]] = {
    "pull": {
        "reason": "CannotPullContainerError: pull image manifest has been retried 1 time(s): "
        "failed to resolve ref {image}: {image}: not found",
        "code": "TaskFailedToStart",
        "container": {},
    },
    "health": {
        "reason": "Task failed ELB health checks in (target-group {group})",
        "code": "ServiceSchedulerInitiated",
        "container": {"healthStatus": "UNHEALTHY"},
    },
    "exit": {
        "reason": "Essential container in task exited",
        "code": "EssentialContainerExited",
        "container": {"exitCode": 1, "healthStatus": "UNHEALTHY"},
    },
}

#: Bounds of the failures that a circuit breaker bears (Amazon ECS developer guide,
#: "How the deployment circuit breaker detects failures", failure threshold).
_LEAST_FAILURES, _MOST_FAILURES = 3, 200

_EVENTS = 100


def break_image(account: str, region: str, image: str, fault: str) -> None:
    """From now on tasks with an image whose name ends in ``image`` end as the fault says."""
    if fault not in FAULTS or not image:
        raise ValueError(f"fault is {fault!r}: expected one of {sorted(FAULTS)}, and an image")
    store(ecs_backends[account][region], "cutover_broken_images")[image] = fault


def mend_images(account: str, region: str) -> None:
    store(ecs_backends[account][region], "cutover_broken_images").clear()


def rollouts() -> None:
    """A deployment starts tasks, waits until they are healthy, and completes or fails.

    moto's deployments neither start tasks nor end: the first stays as it was made,
    and an update overwrites its task definition. Here a new revision makes a new
    primary deployment beside the active one; its tasks replace the others and it
    completes, or they fail and the circuit breaker (or an alarm of the deployment)
    marks it FAILED and makes the last completed one primary again, so that in the
    end the service runs what it ran before. Seen in moto 5.2.5.
    """
    describe = EC2ContainerServiceBackend.describe_services

    def describe_services(self: Any, cluster: str, names: list[str]) -> Any:
        found = describe(self, cluster, names)
        for service in found[0]:
            if service.status == "ACTIVE":
                _advance(service)
        return found

    replace(EC2ContainerServiceBackend, "describe_services", describe_services)


def begin(service: Any, first: bool, new: bool) -> None:
    """After CreateService and UpdateService: a deployment of what the service is now."""
    if first or new:
        former = [] if first else [each for each in service.deployments if _counts(each)]
        for each in former:
            each["status"] = "ACTIVE"
        service.deployments = [_deployment(service), *former]
    else:
        primary = service.deployments[0]
        primary["desiredCount"] = service.desired_count
        if primary["rolloutState"] == "COMPLETED":
            _run(service, primary)
    ecs_tasks.count(service)


def _counts(deployment: dict[str, Any]) -> bool:
    """A deployment that an update replaces before it completed leaves nothing."""
    return deployment["rolloutState"] == "COMPLETED" or deployment["runningCount"] > 0


def _deployment(service: Any) -> dict[str, Any]:
    identifier = f"ecs-svc/{mock_random.randint(10**18, 10**19)}"
    deployment = {
        "id": identifier,
        "status": "PRIMARY",
        "taskDefinition": service.task_definition,
        "desiredCount": service.desired_count,
        "runningCount": 0,
        "pendingCount": service.desired_count,
        "failedTasks": 0,
        "launchType": service.launch_type,
        "platformVersion": service.platform_version,
        "platformFamily": "Linux",
        "networkConfiguration": service.network_configuration,
        "createdAt": utcnow(),
        "updatedAt": utcnow(),
        "rolloutState": "IN_PROGRESS",
        "rolloutStateReason": f"ECS deployment {identifier} in progress.",
    }
    connect = getattr(service, "serviceConnectConfiguration", None)
    if connect:
        deployment["serviceConnectConfiguration"] = connect
    return deployment


def _advance(service: Any) -> None:
    primary = service.deployments[0] if service.deployments else None
    if primary is None or primary["rolloutState"] != "IN_PROGRESS":
        return
    primary["updatedAt"] = utcnow()
    alarm = _alarm(service)
    going_back = "rolling back to" in primary["rolloutStateReason"]
    failure = None if going_back else _failure(service, primary)
    if alarm and not going_back:
        _give_up(service, primary, "alarms", "alarm detected")
    elif failure:
        _fail(service, primary, failure)
    elif primary["runningCount"] < primary["desiredCount"] or _others_run(service):
        _start(service, primary)
    else:
        _complete(service, primary)
    ecs_tasks.count(service)


def _others_run(service: Any) -> bool:
    return any(each["runningCount"] for each in service.deployments[1:])


def _start(service: Any, primary: dict[str, Any]) -> None:
    """The tasks start and pass their checks; those of other deployments are stopped."""
    _run(service, primary)
    for each in service.deployments[1:]:
        each.update(desiredCount=0, runningCount=0, pendingCount=0)
    _tell(service, f"has started {primary['runningCount']} tasks.")


def _run(service: Any, primary: dict[str, Any]) -> None:
    ecs_tasks.run(service, primary, primary["desiredCount"])
    primary.update(runningCount=primary["desiredCount"], pendingCount=0)


def _complete(service: Any, primary: dict[str, Any]) -> None:
    del service.deployments[1:]
    primary["rolloutState"] = "COMPLETED"
    primary["rolloutStateReason"] = f"ECS deployment {primary['id']} completed."
    _tell(service, f"(deployment {primary['id']}) deployment completed.")
    _tell(service, "has reached a steady state.")


def _failure(service: Any, deployment: dict[str, Any]) -> dict[str, Any] | None:
    """How the deployment's tasks end, if one of their images is broken."""
    broken = store(service._backend, "cutover_broken_images")
    for container in ecs_tasks.containers(service, deployment["taskDefinition"]):
        for image, fault in broken.items():
            if deployment["desiredCount"] and container["image"].endswith(image):
                groups = [b.get("targetGroupArn", "") for b in service.load_balancers]
                reason = FAULTS[fault]["reason"].format(
                    image=container["image"], group=(groups or [""])[0]
                )
                return {**FAULTS[fault], "reason": reason}
    return None


def _fail(service: Any, primary: dict[str, Any], failure: dict[str, Any]) -> None:
    """A round of tasks starts and stops again, until the circuit breaker has enough."""
    for _ in range(primary["desiredCount"]):
        task = ecs_tasks.fail(service, primary, failure)
        _tell(service, f"(task {task}) failed: {failure['reason']}")
    primary["failedTasks"] += primary["desiredCount"]
    breaker = service.deploymentConfiguration.get("deploymentCircuitBreaker", {})
    bearable = math.ceil(primary["desiredCount"] / 2)
    threshold = min(max(bearable, _LEAST_FAILURES), _MOST_FAILURES)
    if breaker.get("enable") and primary["failedTasks"] >= threshold:
        _give_up(service, primary, "deploymentCircuitBreaker", "tasks failed to start")


#: What ends a deployment, by the setting that asks for it, in AWS's words.
_ENDED_BY = {
    "alarms": "ECS deployment alarm",
    "deploymentCircuitBreaker": "ECS deployment circuit breaker",
}


def _give_up(service: Any, primary: dict[str, Any], by: str, why: str) -> None:
    primary["rolloutState"], primary["pendingCount"] = "FAILED", 0
    primary["rolloutStateReason"] = f"{_ENDED_BY[by]}: {why}."
    _tell(service, f"(deployment {primary['id']}) deployment failed: {why}.")
    former = [d for d in service.deployments[1:] if d["rolloutState"] == "COMPLETED"]
    if not former or not service.deploymentConfiguration.get(by, {}).get("rollback"):
        return
    back = former[0]
    primary.update(status="ACTIVE", desiredCount=0)
    back.update(
        status="PRIMARY",
        desiredCount=service.desired_count,
        rolloutState="IN_PROGRESS",
        rolloutStateReason=f"{_ENDED_BY[by]}: rolling back to deploymentId {back['id']}.",
    )
    service.deployments.remove(back)
    service.deployments.insert(0, back)
    service.task_definition = back["taskDefinition"]
    _tell(service, f"rolling back to deployment {back['id']}.")


def _alarm(service: Any) -> bool:
    """Whether an alarm of the deployment is in alarm."""
    watched = service.deploymentConfiguration.get("alarms", {})
    if not watched.get("enable"):
        return False
    known = cloudwatch_backends[service._account_id][service.region_name].alarms
    return any(
        name in known and known[name].state_value == "ALARM"
        for name in watched.get("alarmNames", [])
    )


def _tell(service: Any, message: str) -> None:
    """Newest first, as DescribeServices lists them."""
    service.events.insert(
        0,
        {
            "id": str(mock_random.uuid4()),
            "createdAt": utcnow(),
            "message": f"(service {service.name}) {message}",
        },
    )
    del service.events[_EVENTS:]


GAPS = [rollouts]
