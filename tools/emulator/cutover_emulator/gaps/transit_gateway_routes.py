"""EC2 Transit Gateway: what SearchTransitGatewayRoutes finds.

Seen in moto 5.2.1 and 5.2.5.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.transit_gateway_route_tables import (
    TransitGatewayRouteTableBackend,
)

from cutover_emulator.gaps.transit_gateway import known_attachment, known_table
from cutover_emulator.patching import replace

Backend = Any


def routes() -> None:
    """SearchTransitGatewayRoutes finds static and propagated routes, by every filter.

    A propagated attachment's VPC ranges are routes of type ``propagated`` unless a
    static route of the same range stands before them. moto knows static routes
    only, answers their attachment in a shape that the SDK drops, and filters by
    type, state and exact match only. Deleting a route that is not there is an
    error of AWS's, not a KeyError.
    """
    delete = TransitGatewayRouteTableBackend.delete_transit_gateway_route

    def search(
        self: Backend,
        transit_gateway_route_table_id: str,
        filters: Any,
        max_results: Any = None,
    ) -> list[dict[str, Any]]:
        table = known_table(self, transit_gateway_route_table_id)
        found = {cidr: _described(r) for cidr, r in table.routes.items()}
        for route in _propagated_routes(self, table):
            found.setdefault(route["destinationCidrBlock"], route)
        chosen = [r for r in found.values() if _matches(r, filters or {})]
        return chosen[: int(max_results)] if max_results else chosen

    def delete_known(
        self, transit_gateway_route_table_id: str, destination_cidr_block: str
    ):
        table = known_table(self, transit_gateway_route_table_id)
        if destination_cidr_block not in table.routes:
            raise EC2ClientError(
                "InvalidRoute.NotFound",
                f"Route {destination_cidr_block} not found in {table.id}.",
            )
        return _described(delete(self, table.id, destination_cidr_block))

    create = TransitGatewayRouteTableBackend.create_transit_gateway_route

    def create_described(self, **rest: Any) -> dict[str, Any]:
        known_table(self, rest["transit_gateway_route_table_id"])
        if rest.get("transit_gateway_attachment_id"):
            known_attachment(self, rest["transit_gateway_attachment_id"])
        return _described(create(self, **rest))

    replace(TransitGatewayRouteTableBackend, "search_transit_gateway_routes", search)
    replace(
        TransitGatewayRouteTableBackend, "delete_transit_gateway_route", delete_known
    )
    replace(
        TransitGatewayRouteTableBackend,
        "create_transit_gateway_route",
        create_described,
    )


def _described(route: dict[str, Any]) -> dict[str, Any]:
    shown = dict(route)
    attachment = shown.get("transitGatewayAttachments")
    if isinstance(attachment, dict):
        shown["transitGatewayAttachments"] = [attachment]
    return shown


def _propagated_routes(backend: Backend, table: Any) -> list[dict[str, Any]]:
    found = []
    for propagation in table.route_table_propagation:
        vpc = backend.vpcs.get(propagation.resourceId)
        for cidr in _vpc_ranges(vpc):
            found.append(
                {
                    "destinationCidrBlock": cidr,
                    "state": "active",
                    "type": "propagated",
                    "transitGatewayAttachments": [
                        {
                            "resourceId": propagation.resourceId,
                            "resourceType": propagation.resourceType,
                            "transitGatewayAttachmentId": propagation.transitGatewayAttachmentId,
                        }
                    ],
                }
            )
    return found


def _vpc_ranges(vpc: Any) -> list[str]:
    if vpc is None:
        return []
    return [a["cidr_block"] for a in vpc.get_cidr_block_association_set()]


_ROUTE_FILTERS = {
    "type": lambda route: [route["type"]],
    "state": lambda route: [route["state"]],
    "attachment.transit-gateway-attachment-id": lambda route: _targets(
        route, "transitGatewayAttachmentId"
    ),
    "attachment.resource-id": lambda route: _targets(route, "resourceId"),
    "attachment.resource-type": lambda route: _targets(route, "resourceType"),
}

_ROUTE_SEARCHES = {
    "route-search.exact-match": lambda route, asked: route == asked,
    "route-search.longest-prefix-match": lambda route, asked: asked.subnet_of(route),
    "route-search.subnet-of-match": lambda route, asked: route.subnet_of(asked),
    "route-search.supernet-of-match": lambda route, asked: asked.subnet_of(route),
}


def _targets(route: dict[str, Any], key: str) -> list[str]:
    return [a[key] for a in route.get("transitGatewayAttachments") or []]


def _matches(route: dict[str, Any], filters: dict[str, list[str]]) -> bool:
    destination = ipaddress.ip_network(route["destinationCidrBlock"])
    for name, values in filters.items():
        if name in _ROUTE_FILTERS:
            hit = any(v in values for v in _ROUTE_FILTERS[name](route))
        elif name in _ROUTE_SEARCHES:
            asked = [ipaddress.ip_network(v, strict=False) for v in values]
            hit = any(_ROUTE_SEARCHES[name](destination, a) for a in asked)
        else:
            raise EC2ClientError(
                "InvalidParameterValue", f"The filter '{name}' is invalid."
            )
        if not hit:
            return False
    return True


GAPS = [routes]
