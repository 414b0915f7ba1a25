"""ECS: services that keep their settings, and disappear when they are deleted."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.models import EC2ContainerServiceBackend
from moto.ecs.responses import EC2ContainerServiceResponse

from cutover_emulator.gaps import ecs_rollouts, ecs_tasks
from cutover_emulator.patching import replace

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


#: What makes a new deployment when UpdateService changes it (Amazon ECS API
#: reference, UpdateService).
_DEPLOYED = ("networkConfiguration", "platformVersion", "serviceConnectConfiguration")


def settings_of_services() -> None:
    """A service keeps its deployment settings and deploys what is new.

    moto keeps none of the deployment settings and no Service Connect
    configuration, and an update makes no deployment. What becomes of a deployment
    stands in ``ecs_rollouts``. Seen in moto 5.2.5.
    """
    create = EC2ContainerServiceResponse.create_service
    update = EC2ContainerServiceResponse.update_service

    def create_service(self: Any) -> ActionResult:
        answer = create(self)
        service = answer.result["service"]
        _keep(service, self._get_params(), _DEFAULTS)
        ecs_rollouts.begin(service, first=True, new=True)
        return answer

    def update_service(self: Any) -> ActionResult:
        given = dict(self._get_params())
        service = _named(self, given)
        former = service.task_definition
        answer = update(self)
        _keep(service, given, {})
        if given.get("networkConfiguration"):
            service.network_configuration = given["networkConfiguration"]
        new = service.task_definition != former or given.get("forceNewDeployment")
        ecs_rollouts.begin(
            service,
            first=False,
            new=bool(new) or any(given.get(name) for name in _DEPLOYED),
        )
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
        service.deployments = []
        ecs_tasks.forget(service)
        ecs_tasks.count(service)
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
    for name in (*_DEFAULTS, "serviceConnectConfiguration"):
        if given.get(name) is not None:
            setattr(service, name, given[name])
        elif name in defaults:
            setattr(service, name, defaults[name])


GAPS = [settings_of_services, inactive_services, inactive_clusters]
