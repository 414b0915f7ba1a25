"""Route 53: query logging, private zones, records of one name, health checks changed in part."""

from __future__ import annotations

from typing import Any

from moto.route53.exceptions import ResourceRecordAlreadyExists
from moto.route53.models import Route53Backend
from moto.route53.responses import Route53

from cutover_emulator.patching import replace


def query_log_group() -> None:
    """CreateQueryLoggingConfig takes the ARN of a log group with or without the
    ``:*`` at its end, and answers it as it was given.

    moto finds the group only with it; the provider gives it without. Seen in
    moto 5.2.5.
    """

    def create(self: Any, hosted_zone_id: str, log_group_arn: str) -> Any:
        wildcard = log_group_arn.endswith(":*")
        made = former(
            self, hosted_zone_id, log_group_arn if wildcard else log_group_arn + ":*"
        )
        made.cloud_watch_logs_log_group_arn = log_group_arn
        return made

    former = replace(Route53Backend, "create_query_logging_config", create)


def query_logs_of_a_zone() -> None:
    """ListQueryLoggingConfigs with a zone lists those of this zone.

    moto knows no zone by the id that it gave, and lists the configurations of all.
    Seen in moto 5.2.5.
    """

    def listed(self: Any, *args: Any, **kwargs: Any) -> Any:
        zone = kwargs.pop("hosted_zone_id", None)
        if zone:
            self.get_hosted_zone(zone)
        configs, token = former(self, *args, **kwargs)
        return [c for c in configs if not zone or c.hosted_zone_id == zone], token

    former = replace(Route53Backend, "list_query_logging_configs", listed)


def private_zones() -> None:
    """A zone that is made with a VPC is private, whatever its configuration says.

    moto makes it public, to which no second VPC can be added. Seen in moto 5.2.5.
    """

    def create(self: Any) -> Any:
        if self._get_param("VPC.VPCId"):
            self.params.setdefault("HostedZoneConfig", {})["PrivateZone"] = True
        return former(self)

    former = replace(Route53, "create_hosted_zone", create)


def weighted_records() -> None:
    """Records are told apart by name, type and set identifier.

    moto refuses to create a record anew that existed and was deleted while
    another one of its name is there, and deletes the records of every name that
    have the given set identifier. Seen in moto 5.2.5.
    """

    def change(self: Any, zoneid: str, change_list: list[dict[str, Any]]) -> None:
        zone = self.get_hosted_zone(zoneid)
        gone: set[tuple[str, str, str | None]] = set()
        for item in change_list:
            key = _key(item["ResourceRecordSet"])
            if item["Action"] == "DELETE":
                gone.add(key)
            elif item["Action"] == "CREATE":
                if key not in gone and any(_key_of(r) == key for r in zone.rrsets):
                    raise ResourceRecordAlreadyExists(name=key[0], _type=key[1])
                _forget_creation(zone, key)
        others = [r for r in zone.rrsets if r.set_identifier and _key_of(r) not in gone]
        former(self, zoneid, change_list)
        held = {_key_of(r) for r in zone.rrsets}
        zone.rrsets.extend(r for r in others if _key_of(r) not in held)

    former = replace(Route53Backend, "change_resource_record_sets", change)


def partial_health_checks() -> None:
    """UpdateHealthCheck changes what it is given and counts versions.

    moto forgets the children and the regions of a check when a call does not name
    them, and every check stays at version 1. Seen in moto 5.2.5.
    """

    def update(self: Any, health_check_id: str, given: dict[str, Any]) -> Any:
        named = {k: v for k, v in given.items() if v != []}
        changed = former(self, health_check_id, named)
        changed.health_check_version += 1
        return changed

    former = replace(Route53Backend, "update_health_check", update)


def _forget_creation(zone: Any, key: tuple[str, str, str | None]) -> None:
    zone.rr_changes[:] = [
        c
        for c in zone.rr_changes
        if c["Action"] != "CREATE" or _key(c["ResourceRecordSet"]) != key
    ]


def _key(given: dict[str, Any]) -> tuple[str, str, str | None]:
    name = given["Name"].strip(".") + "."
    return name, given["Type"], given.get("SetIdentifier")


def _key_of(record: Any) -> tuple[str, str, str | None]:
    return record.name.strip(".") + ".", record.type, record.set_identifier


GAPS = [
    query_log_group,
    query_logs_of_a_zone,
    private_zones,
    weighted_records,
    partial_health_checks,
]
