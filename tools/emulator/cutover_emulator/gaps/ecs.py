"""ECS: services that reach their desired state, with targets behind a load balancer."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ecs.models import EC2ContainerServiceBackend
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.elbv2.models import elbv2_backends
from moto.moto_api._internal import mock_random

from cutover_emulator.patching import replace, store

#: What a service answers for parameters that moto drops, when they are not given
#: (Amazon ECS API reference, CreateService).
_DEFAULTS: dict[str, Any] = {
    "availabilityZoneRebalancing": "DISABLED",
    "capacityProviderStrategy": [],
    "deploymentConfiguration": {
        "deploymentCircuitBreaker": {"enable": False, "rollback": False},
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
    },
    "enableECSManagedTags": False,
    "enableExecuteCommand": False,
    "healthCheckGracePeriodSeconds": 0,
    "placementConstraints": [],
    "placementStrategy": [],
}


def steady_services() -> None:
    """A service keeps its deployment settings and runs as many tasks as are desired.

    After CreateService and UpdateService AWS starts tasks, registers their
    addresses with the target groups, and completes the deployment. moto keeps
    none of the deployment settings, and its services wait for tasks for ever, so a
    provider that waits for a steady state never ends. Here the deployment is
    complete at once, with one healthy target a task. Seen in moto 5.2.5.
    """
    create = EC2ContainerServiceResponse.create_service
    update = EC2ContainerServiceResponse.update_service

    def create_service(self: Any) -> ActionResult:
        answer = create(self)
        service = answer.result["service"]
        _keep(service, self._get_params(), _DEFAULTS)
        _settle(service, new_deployment=False)
        return answer

    def update_service(self: Any) -> ActionResult:
        given = dict(self._get_params())
        former = _named(self, given).task_definition
        answer = update(self)
        service = answer.result["service"]
        _keep(service, given, {})
        if given.get("networkConfiguration"):
            service.network_configuration = given["networkConfiguration"]
        changed = service.task_definition != former
        _settle(service, changed or bool(given.get("forceNewDeployment")))
        return answer

    replace(EC2ContainerServiceResponse, "create_service", create_service)
    replace(EC2ContainerServiceResponse, "update_service", update_service)


def inactive_services() -> None:
    """A deleted service gives its targets back and is not listed any more.

    AWS describes it as INACTIVE for a while but lists only the others; moto lists
    it for ever. Seen in moto 5.2.5.
    """
    delete = EC2ContainerServiceBackend.delete_service
    list_all = EC2ContainerServiceBackend.list_services

    def delete_service(self: Any, *args: Any, **rest: Any) -> Any:
        service = delete(self, *args, **rest)
        service.running_count = service.desired_count = 0
        _register_targets(service, 0)
        return service

    def list_services(self: Any, cluster_str: str, *args: Any, **rest: Any) -> list:
        active = {s.arn for s in self.services.values() if s.status == "ACTIVE"}
        return [a for a in list_all(self, cluster_str, *args, **rest) if a in active]

    replace(EC2ContainerServiceBackend, "delete_service", delete_service)
    replace(EC2ContainerServiceBackend, "list_services", list_services)


def inactive_clusters() -> None:
    """A deleted cluster is not listed any more.

    AWS describes it as INACTIVE for a while; moto lists it for ever. Seen in moto
    5.2.5.
    """
    list_all = EC2ContainerServiceBackend.list_clusters

    def list_clusters(self: Any, *args: Any, **rest: Any) -> list[str]:
        active = {c.arn for c in self.clusters.values() if c.status == "ACTIVE"}
        return [a for a in list_all(self, *args, **rest) if a in active]

    replace(EC2ContainerServiceBackend, "list_clusters", list_clusters)


def _named(response: Any, given: dict[str, Any]) -> Any:
    return response.ecs_backend._get_service(
        given.get("cluster", "default"), given["service"].split("/")[-1]
    )


def _keep(service: Any, given: dict[str, Any], defaults: dict[str, Any]) -> None:
    """Puts parameters on the service under AWS's names, from where they are answered."""
    for name in _DEFAULTS:
        if given.get(name) is not None:
            setattr(service, name, given[name])
        elif name in defaults:
            setattr(service, name, defaults[name])


def _settle(service: Any, new_deployment: bool) -> None:
    backend, cluster = service._backend, service._backend._get_cluster(service.cluster_name)
    backend.update_cluster_resources(cluster, -service.pending_count, "PENDING")
    missing = service.desired_count - service.running_count
    backend.update_cluster_resources(cluster, missing, "RUNNING")
    service.running_count, service.pending_count = service.desired_count, 0
    for deployment in service.deployments[:1]:
        _complete(service, deployment, new_deployment)
    _register_targets(service, service.desired_count)


def _complete(service: Any, deployment: dict[str, Any], new: bool) -> None:
    if new:
        deployment["id"] = f"ecs-svc/{mock_random.randint(0, 32**12)}"
        deployment["createdAt"] = utcnow()
    deployment.update(
        desiredCount=service.desired_count,
        runningCount=service.running_count,
        pendingCount=0,
        taskDefinition=service.task_definition,
        networkConfiguration=service.network_configuration,
        rolloutState="COMPLETED",
        rolloutStateReason=f"ECS deployment {deployment['id']} completed.",
        updatedAt=utcnow(),
    )


def _register_targets(service: Any, count: int) -> None:
    """Makes the service's target groups hold one address for each of count tasks."""
    kept = store(service, "cutover_targets")
    groups = elbv2_backends[service._account_id][service.region_name].target_groups
    addresses = _addresses(service, count)
    for balancer in service.load_balancers:
        group = groups.get(balancer.get("targetGroupArn"))
        if group is None:
            continue
        for address in kept.get(group.arn, []):
            group.targets.pop(address, None)
        port = balancer["containerPort"]
        group.register([{"Id": address, "Port": port} for address in addresses])
        kept[group.arn] = addresses


def _addresses(service: Any, count: int) -> list[str]:
    """One address a task, round the service's subnets; former ones are kept."""
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
    return [held[task][1] for task in range(count)]


def _subnet(service: Any, identifier: str) -> Any:
    from moto.ec2.models import ec2_backends

    backend = ec2_backends[service._account_id][service.region_name]
    return backend.get_subnet(identifier)


GAPS = [steady_services, inactive_services, inactive_clusters]
