"""EC2 site-to-site VPN: options, device names, and its Transit Gateway attachment."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.transit_gateway_attachments import TransitGatewayAttachmentBackend
from moto.ec2.responses.customer_gateways import CustomerGateways
from moto.ec2.responses.vpn_connections import VPNConnections

from cutover_emulator.gaps.transit_gateway import detach, join_default_tables
from cutover_emulator.patching import replace

#: What AWS answers for options that were not given (Amazon EC2 API reference,
#: VpnConnectionOptions).
_OPTIONS = {
    "EnableAcceleration": False,
    "LocalIpv4NetworkCidr": "0.0.0.0/0",
    "OutsideIpAddressType": "PublicIpv4",
    "RemoteIpv4NetworkCidr": "0.0.0.0/0",
    "StaticRoutesOnly": False,
    "TunnelInsideIpVersion": "ipv4",
}


def options() -> None:
    """A VPN connection has its options, a customer gateway the name of its device.

    A provider replaces both when they are not answered. moto drops them. Seen in
    moto 5.2.5.
    """
    create_connection = VPNConnections.create_vpn_connection
    create_gateway = CustomerGateways.create_customer_gateway

    def create_vpn_connection(self: Any) -> ActionResult:
        answer = create_connection(self)
        given = self._get_param("Options") or {}
        kept = {k: v for k, v in given.items() if k != "TunnelOptions"}
        answer.result["VpnConnection"].options = {**_OPTIONS, **kept}
        return answer

    def create_customer_gateway(self: Any) -> ActionResult:
        answer = create_gateway(self)
        gateway = answer.result["CustomerGateway"]
        gateway.device_name = self._get_param("DeviceName")
        gateway.certificate_arn = self._get_param("CertificateArn")
        return answer

    replace(VPNConnections, "create_vpn_connection", create_vpn_connection)
    replace(CustomerGateways, "create_customer_gateway", create_customer_gateway)


def attachment() -> None:
    """A VPN's attachment joins the default route tables and leaves all with the VPN.

    moto joins none and leaves the deleted attachment in every table. Seen in moto
    5.2.5.
    """
    create = TransitGatewayAttachmentBackend.create_transit_gateway_vpn_attachment
    delete = VPNConnections.delete_vpn_connection

    def create_attachment(self: Any, *args: Any, **rest: Any) -> Any:
        made = create(self, *args, **rest)
        join_default_tables(self, made)
        return made

    def delete_vpn_connection(self: Any) -> ActionResult:
        answer = delete(self)
        backend, vpn = self.ec2_backend, self._get_param("VpnConnectionId")
        for made in list(backend.transit_gateway_attachments.values()):
            if made.resource_id == vpn:
                detach(backend, made)
        return answer

    replace(
        TransitGatewayAttachmentBackend,
        "create_transit_gateway_vpn_attachment",
        create_attachment,
    )
    replace(VPNConnections, "delete_vpn_connection", delete_vpn_connection)


GAPS = [options, attachment]
