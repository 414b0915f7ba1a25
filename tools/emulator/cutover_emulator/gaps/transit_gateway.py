"""EC2 Transit Gateway: options, associations, propagations, deletion.

moto keeps one association and one propagation per attachment, files every
attachment under a default route table that AWS would not have made, and forgets
what was deleted. Seen in moto 5.2.1 and 5.2.5.
"""

from __future__ import annotations

from typing import Any

from moto.ec2.exceptions import EC2ClientError, InvalidTransitGatewayID
from moto.ec2.models.transit_gateway import TransitGateway, TransitGatewayBackend
from moto.ec2.models.transit_gateway_attachments import (
    TransitGatewayAttachment,
    TransitGatewayAttachmentBackend,
)
from moto.ec2.models.transit_gateway_route_tables import (
    RouteTableAssociation,
    RouteTablePropagation,
    TransitGatewayRelations,
    TransitGatewayRouteTableBackend,
)
from moto.ec2.responses.transit_gateway_attachments import (
    TransitGatewayAttachment as AttachmentResponse,
)

from cutover_emulator.patching import replace, store

Backend = Any


def default_route_table() -> None:
    """A Transit Gateway has a default route table only when its options ask for one.

    With association and propagation both ``disable`` AWS makes none and the
    options name none; it goes when the gateway goes. moto always makes one, names
    it in both options, and keeps it after the gateway is deleted.
    """
    created = TransitGateway.__init__

    def init(self: Any, backend: Backend, description: Any, options: Any = None):
        created(self, backend, description, options)
        table = self.default_route_table
        table.default_association_route_table = _enabled(self, "Association")
        table.default_propagation_route_table = _enabled(self, "Propagation")
        for side in ("Association", "Propagation"):
            if not _enabled(self, side):
                self.options[f"{side}DefaultRouteTableId"] = None
        if not (_enabled(self, "Association") or _enabled(self, "Propagation")):
            del backend.transit_gateways_route_tables[table.id]
            self.default_route_table = None

    def delete(self: Backend, transit_gateway_id: str) -> TransitGateway:
        gateway = self.transit_gateways.pop(transit_gateway_id, None)
        if gateway is None:
            raise InvalidTransitGatewayID(transit_gateway_id)
        if gateway.default_route_table is not None:
            self.transit_gateways_route_tables.pop(gateway.default_route_table.id, None)
        gateway.state = "deleted"
        return gateway

    replace(TransitGateway, "__init__", init)
    replace(TransitGatewayBackend, "delete_transit_gateway", delete)


def _enabled(gateway: Any, side: str) -> bool:
    return gateway.options.get(f"DefaultRouteTable{side}", "enable") == "enable"


def attachment_defaults() -> None:
    """A new VPC attachment joins the default route tables as the gateway's options say.

    AWS associates it and propagates its routes; with the options disabled it does
    neither. moto always associates, never propagates, and reads the tags under the
    wrong resource type, so they are lost.
    """
    create_response = AttachmentResponse._parse_tag_specification
    created = TransitGatewayAttachmentBackend.create_transit_gateway_vpc_attachment

    def tags(self: Any, *args: Any) -> dict[str, dict[str, str]]:
        found = create_response(self, *args)
        if "transit-gateway-attachment" in found:
            found["transit-gateway-route-table"] = found["transit-gateway-attachment"]
        return found

    def create(self: Backend, transit_gateway_id: str, **rest: Any):
        gateway = self.transit_gateways.get(transit_gateway_id)
        if gateway is None:
            raise InvalidTransitGatewayID(transit_gateway_id)
        attachment = _create_unassociated(self, created, transit_gateway_id, rest)
        join_default_tables(self, attachment)
        return attachment

    replace(AttachmentResponse, "_parse_tag_specification", tags)
    replace(
        TransitGatewayAttachmentBackend, "create_transit_gateway_vpc_attachment", create
    )


def join_default_tables(backend: Backend, attachment: Any) -> None:
    """Associates a new attachment and propagates its routes as the gateway says."""
    options = backend.transit_gateways[attachment.transit_gateway_id].options
    if options["AssociationDefaultRouteTableId"]:
        _associate(backend, attachment, options["AssociationDefaultRouteTableId"])
    if options["PropagationDefaultRouteTableId"]:
        _propagate(backend, attachment, options["PropagationDefaultRouteTableId"])


def _create_unassociated(
    backend: Backend, created: Any, transit_gateway_id: str, rest: dict[str, Any]
) -> Any:
    """Calls moto's own create, which insists on a default table, and undoes that."""
    gateway = backend.transit_gateways[transit_gateway_id]
    former = gateway.default_route_table
    stand_in = backend.create_transit_gateway_route_table(transit_gateway_id)
    gateway.default_route_table = stand_in
    try:
        attachment = created(backend, transit_gateway_id=transit_gateway_id, **rest)
    finally:
        gateway.default_route_table = former
        del backend.transit_gateways_route_tables[stand_in.id]
    attachment.transit_gateway_route_table = former
    return attachment


def associations() -> None:
    """An attachment is associated with one route table, whichever made the association.

    moto answers a disassociation from the default table, and the deletion of an
    attachment with associations, with a KeyError, over which the provider's destroy
    hangs; and its attachments show the default table whatever they are associated with.
    """

    def associate(self: Backend, attachment_id: str, table_id: str):
        attachment = known_attachment(self, attachment_id)
        if _associated_table(self, attachment_id) is not None:
            raise EC2ClientError(
                "Resource.AlreadyAssociated",
                f"Transit Gateway Attachment {attachment_id} is already associated to a route table.",
            )
        return _associate(self, attachment, table_id)

    def disassociate(self: Backend, tgw_attach_id: str, tgw_rt_id: str):
        table = known_table(self, tgw_rt_id)
        if table.route_table_associations.pop(tgw_attach_id, None) is None:
            raise EC2ClientError(
                "InvalidAssociation.NotFound",
                f"There is no association between {tgw_attach_id} and {tgw_rt_id}.",
            )
        return _relation(self, tgw_attach_id, tgw_rt_id, "disassociated")

    def associate_by_name(self, transit_gateway_attachment_id, transit_gateway_route_table_id):
        return associate(
            self, transit_gateway_attachment_id, transit_gateway_route_table_id
        )

    replace(
        TransitGatewayRouteTableBackend,
        "associate_transit_gateway_route_table",
        associate_by_name,
    )
    replace(
        TransitGatewayRouteTableBackend,
        "disassociate_transit_gateway_route_table",
        disassociate,
    )
    replace(TransitGatewayAttachment, "association", property(_association))


def _association(attachment: Any) -> dict[str, str] | None:
    table = _associated_table(attachment.ec2_backend, attachment.id)
    if table is None:
        return None
    return {"State": "associated", "TransitGatewayRouteTableId": table.id}


def propagations() -> None:
    """An attachment may propagate its routes to several route tables.

    moto keeps one propagation per attachment, so that taking back the second of
    two ends in a KeyError, as does taking back one made by the default table.
    """

    def enable(self, transit_gateway_attachment_id, transit_gateway_route_table_id):
        attachment = known_attachment(self, transit_gateway_attachment_id)
        table = known_table(self, transit_gateway_route_table_id)
        if _propagation(table, attachment.id) is not None:
            raise EC2ClientError(
                "TransitGatewayRouteTablePropagation.Duplicate",
                f"Propagation {attachment.id} already exists in {table.id}.",
            )
        return _propagate(self, attachment, table.id)

    def disable(self, transit_gateway_attachment_id, transit_gateway_route_table_id):
        table = known_table(self, transit_gateway_route_table_id)
        found = _propagation(table, transit_gateway_attachment_id)
        if found is None:
            raise EC2ClientError(
                "TransitGatewayRouteTablePropagation.NotFound",
                f"Propagation {transit_gateway_attachment_id} not found in {table.id}.",
            )
        table.route_table_propagation.remove(found)
        return _relation(self, transit_gateway_attachment_id, table.id, "disabled")

    replace(
        TransitGatewayRouteTableBackend,
        "enable_transit_gateway_route_table_propagation",
        enable,
    )
    replace(
        TransitGatewayRouteTableBackend,
        "disable_transit_gateway_route_table_propagation",
        disable,
    )


def deletion() -> None:
    """A deleted attachment leaves its tables, and is described as ``deleted`` for a while.

    The provider's destroy waits for that state. moto forgets the attachment at
    once, keeps its associations, and knows no error for one that does not exist.
    Static routes to it turn into blackholes, as on AWS.
    """
    describe = TransitGatewayAttachmentBackend.describe_transit_gateway_vpc_attachments

    def delete(self: Backend, transit_gateway_attachment_id: str):
        attachment = known_attachment(self, transit_gateway_attachment_id)
        detach(self, attachment)
        return attachment

    def describe_with_deleted(
        self: Backend, transit_gateways_attachment_ids: Any = None, filters: Any = None
    ):
        found = list(describe(self, transit_gateways_attachment_ids, filters))
        graves = store(self, "cutover_deleted_attachments")
        wanted = transit_gateways_attachment_ids or []
        if not found and wanted and not any(w in graves for w in wanted) and not filters:
            raise _unknown_attachment(wanted[0])
        return found + [graves[w] for w in wanted if w in graves]

    replace(
        TransitGatewayAttachmentBackend, "delete_transit_gateway_vpc_attachment", delete
    )
    replace(
        TransitGatewayAttachmentBackend,
        "describe_transit_gateway_vpc_attachments",
        describe_with_deleted,
    )


def detach(backend: Backend, attachment: Any) -> None:
    """Takes an attachment out of every route table and keeps it as a deleted one."""
    for table in backend.transit_gateways_route_tables.values():
        table.route_table_associations.pop(attachment.id, None)
        found = _propagation(table, attachment.id)
        if found is not None:
            table.route_table_propagation.remove(found)
        _blackhole_routes_to(attachment.id, table)
    del backend.transit_gateway_attachments[attachment.id]
    attachment.state = "deleted"
    store(backend, "cutover_deleted_attachments")[attachment.id] = attachment


def _associate(backend: Backend, attachment: Any, table_id: str) -> Any:
    known_table(backend, table_id).route_table_associations[attachment.id] = (
        RouteTableAssociation(
            resource_id=attachment.resource_id,
            resource_type=attachment.resource_type,
            state="associated",
            transit_gateway_attachment_id=attachment.id,
        )
    )
    return _relation(backend, attachment.id, table_id, "associated")


def _propagate(backend: Backend, attachment: Any, table_id: str) -> Any:
    known_table(backend, table_id).route_table_propagation.append(
        RouteTablePropagation(
            resource_id=attachment.resource_id,
            resource_type=attachment.resource_type,
            state="enabled",
            transit_gateway_attachment_id=attachment.id,
        )
    )
    return _relation(backend, attachment.id, table_id, "enabled")


def _relation(backend: Backend, attachment_id: str, table_id: str, state: str) -> Any:
    known_attachment(backend, attachment_id)
    return TransitGatewayRelations(backend, attachment_id, table_id, state=state)


def _associated_table(backend: Backend, attachment_id: str) -> Any:
    for table in backend.transit_gateways_route_tables.values():
        if attachment_id in table.route_table_associations:
            return table
    return None


def _propagation(table: Any, attachment_id: str) -> Any:
    for propagation in table.route_table_propagation:
        if propagation.transitGatewayAttachmentId == attachment_id:
            return propagation
    return None


def _blackhole_routes_to(attachment_id: str, table: Any) -> None:
    for route in table.routes.values():
        target = route.get("transitGatewayAttachments") or {}
        if target.get("transitGatewayAttachmentId") == attachment_id:
            route["state"] = "blackhole"
            del route["transitGatewayAttachments"]


def known_attachment(backend: Backend, attachment_id: str) -> Any:
    found = backend.transit_gateway_attachments.get(attachment_id)
    if found is None:
        raise _unknown_attachment(attachment_id)
    return found


def _unknown_attachment(attachment_id: str) -> EC2ClientError:
    return EC2ClientError(
        "InvalidTransitGatewayAttachmentID.NotFound",
        f"Transit Gateway Attachment {attachment_id} was deleted or does not exist.",
    )


def known_table(backend: Backend, table_id: str) -> Any:
    found = backend.transit_gateways_route_tables.get(table_id)
    if found is None or found.state == "deleted":
        raise EC2ClientError(
            "InvalidRouteTableID.NotFound",
            f"Transit Gateway Route Table {table_id} was deleted or does not exist.",
        )
    return found


GAPS = [
    default_route_table,
    attachment_defaults,
    associations,
    propagations,
    deletion,
]
