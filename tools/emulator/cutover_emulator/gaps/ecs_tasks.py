"""ECS: the tasks of services, with their addresses and targets."""

from __future__ import annotations

from typing import Any

from moto.core.utils import utcnow
from moto.ecs.models import EC2ContainerServiceBackend
from moto.elbv2.models import elbv2_backends
from moto.moto_api._internal import mock_random

from cutover_emulator.patching import replace, store

#: How many stopped tasks of a service are remembered; AWS forgets them after an hour.
_REMEMBERED = 20


class ServiceTask:
    """A task that a service started, as DescribeTasks tells it (Amazon ECS API
    reference, Task)."""

    def __init__(self, service: Any, deployment: dict[str, Any], zone: str) -> None:
        self._definition = deployment["taskDefinition"]
        self.id = str(mock_random.uuid4()).replace("-", "")
        self.task_arn = f"{service.arn.replace(':service/', ':task/').rpartition('/')[0]}/{self.id}"
        self.cluster_arn = service.cluster_arn
        self.task_definition_arn = self._definition
        self.group = f"service:{service.name}"
        self.started_by = deployment["id"]
        self.availability_zone = zone
        self.launch_type = service.launch_type
        self.platform_version = service.platform_version
        self.container_instance_arn = None
        self.tags: list[dict[str, str]] = []
        self.created_at = self.started_at = utcnow()
        self.last_status = self.desired_status = "RUNNING"
        self.health_status = "HEALTHY"
        self.containers = [
            _container(each, self.task_arn)
            for each in containers(service, self._definition)
        ]

    def stop(self, reason: str, code: str, container: dict[str, Any]) -> None:
        self.last_status = self.desired_status = "STOPPED"
        self.health_status = "UNHEALTHY" if container else "UNKNOWN"
        self.stop_code, self.stopped_reason = code, reason
        self.stopped_at = utcnow()
        for each in self.containers:
            each.update({"lastStatus": "STOPPED", **container})

    def advance(self) -> None:
        """moto lets tasks go on whenever they are described; ours go with their service."""


def containers(service: Any, definition: str) -> list[dict[str, Any]]:
    """The container definitions of a revision."""
    return service._backend.describe_task_definition(definition).container_definitions


def _container(definition: dict[str, Any], task: str) -> dict[str, Any]:
    image = definition["image"]
    told = {
        "containerArn": f"{task}/{mock_random.uuid4()}",
        "taskArn": task,
        "name": definition["name"],
        "image": image,
        "lastStatus": "RUNNING",
        "healthStatus": "HEALTHY",
    }
    if "@" in image:
        told["imageDigest"] = image.partition("@")[2]
    return told


def tasks_of_services() -> None:
    """ListTasks answers for one service, and for running tasks unless asked otherwise.

    moto's services have no tasks: it ignores serviceName, and without a desired
    status lists stopped tasks, too. Seen in moto 5.2.5.
    """
    list_all = EC2ContainerServiceBackend.list_tasks

    def list_tasks(
        self: Any,
        cluster: str | None = None,
        container_instance: str | None = None,
        family: str | None = None,
        started_by: str | None = None,
        service_name: str | None = None,
        desired_status: str | None = None,
    ) -> list[Any]:
        found = list_all(
            self,
            cluster,
            container_instance,
            family,
            started_by,
            None,
            desired_status or "RUNNING",
        )
        if service_name is None:
            return found
        group = "service:" + service_name.split("/")[-1]
        return [task for task in found if task.group == group]

    replace(EC2ContainerServiceBackend, "list_tasks", list_tasks)


def run(service: Any, deployment: dict[str, Any], count: int) -> None:
    """Makes exactly count tasks of the deployment run, and none of another, each
    with an address in the service's subnets by turns and a healthy target."""
    places = _places(service, count)
    running = _running(service)
    for task in running:
        if task.started_by != deployment["id"]:
            _end(service, task)
    kept = [task for task in running if task.started_by == deployment["id"]]
    for task in kept[count:]:
        _end(service, task)
    for subnet, _ in places[len(kept) :]:
        task = ServiceTask(service, deployment, subnet.availability_zone)
        _tasks(service)[task.task_arn] = task
    _register_targets(service, [address for _, address in places])


def fail(service: Any, deployment: dict[str, Any], failure: dict[str, Any]) -> str:
    """A task of the deployment starts and stops again; returns its id."""
    task = ServiceTask(service, deployment, "")
    task.stop(failure["reason"], failure["code"], failure["container"])
    tasks = _tasks(service)
    tasks[task.task_arn] = task
    stopped = [
        arn
        for arn, each in tasks.items()
        if each.group == task.group and each.desired_status == "STOPPED"
    ]
    for arn in stopped[:-_REMEMBERED]:
        del tasks[arn]
    return task.id


def forget(service: Any) -> None:
    """The service is gone, with everything that it ran."""
    for task in _running(service):
        _end(service, task)
    _places(service, 0)
    _register_targets(service, [])


def _tasks(service: Any) -> dict[str, Any]:
    return service._backend.tasks.setdefault(service.cluster_name, {})


def _running(service: Any) -> list[ServiceTask]:
    group = f"service:{service.name}"
    return [
        task
        for task in _tasks(service).values()
        if task.group == group and task.desired_status == "RUNNING"
    ]


def _end(service: Any, task: ServiceTask) -> None:
    task.stop("Scaling activity initiated by the service", "ServiceSchedulerInitiated", {})
    _tasks(service).pop(task.task_arn, None)


def count(service: Any) -> None:
    """Lets the service and its cluster tell how many tasks run and wait."""
    backend = service._backend
    service.running_count = len(_running(service))
    service.pending_count = sum(each["pendingCount"] for each in service.deployments)
    cluster = backend._get_cluster(service.cluster_name)
    tasks = backend.tasks.get(service.cluster_name, {}).values()
    cluster.running_tasks_count = sum(t.desired_status == "RUNNING" for t in tasks)
    cluster.pending_tasks_count = sum(
        each.pending_count
        for each in backend.services.values()
        if each.cluster_name == service.cluster_name
    )


def _register_targets(service: Any, addresses: list[str]) -> None:
    kept = store(service, "cutover_targets")
    groups = elbv2_backends[service._account_id][service.region_name].target_groups
    for balancer in service.load_balancers:
        group = groups.get(balancer.get("targetGroupArn"))
        if group is None:
            continue
        for address in kept.get(group.arn, []):
            group.targets.pop(address, None)
        port = balancer["containerPort"]
        group.register([{"Id": address, "Port": port} for address in addresses])
        kept[group.arn] = addresses


def _places(service: Any, count: int) -> list[tuple[Any, str]]:
    """Subnet and address of each task, round the service's subnets; former ones are kept."""
    held = store(service, "cutover_addresses")
    vpc = service.network_configuration.get("awsvpcConfiguration", {})
    subnets = [_subnet(service, identifier) for identifier in vpc.get("subnets", [])]
    if not subnets:
        return []
    for task in range(count, len(held)):
        subnet, address = held.pop(task)
        subnet.del_subnet_ip(address)
    for task in range(len(held), count):
        subnet = subnets[task % len(subnets)]
        held[task] = (subnet, subnet.get_available_subnet_ip(service))
    return [held[task] for task in range(count)]


def _subnet(service: Any, identifier: str) -> Any:
    from moto.ec2.models import ec2_backends

    backend = ec2_backends[service._account_id][service.region_name]
    return backend.get_subnet(identifier)


GAPS = [tasks_of_services]
