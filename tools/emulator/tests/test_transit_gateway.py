from __future__ import annotations

from typing import Any

from tests.support import EmulatorTest, client

DISABLED = {
    "DefaultRouteTableAssociation": "disable",
    "DefaultRouteTablePropagation": "disable",
}


class TransitGatewayTest(EmulatorTest):
    def setUp(self) -> None:
        super().setUp()
        self.ec2 = client("ec2")

    def gateway(self, **options: str) -> Any:
        return self.ec2.create_transit_gateway(Options=options)["TransitGateway"]

    def table(self, gateway: str) -> str:
        made = self.ec2.create_transit_gateway_route_table(TransitGatewayId=gateway)
        return made["TransitGatewayRouteTable"]["TransitGatewayRouteTableId"]

    def attachment(self, gateway: str, cidr: str) -> str:
        vpc = self.ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
        subnet = self.ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)["Subnet"]
        made = self.ec2.create_transit_gateway_vpc_attachment(
            TransitGatewayId=gateway,
            VpcId=vpc,
            SubnetIds=[subnet["SubnetId"]],
            TagSpecifications=[
                {
                    "ResourceType": "transit-gateway-attachment",
                    "Tags": [{"Key": "Name", "Value": "mine"}],
                }
            ],
        )
        return made["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]

    def associations(self, table: str) -> list[str]:
        found = self.ec2.get_transit_gateway_route_table_associations(
            TransitGatewayRouteTableId=table
        )
        return [a["TransitGatewayAttachmentId"] for a in found["Associations"]]

    def propagations(self, table: str) -> list[str]:
        found = self.ec2.get_transit_gateway_route_table_propagations(
            TransitGatewayRouteTableId=table
        )["TransitGatewayRouteTablePropagations"]
        return [p["TransitGatewayAttachmentId"] for p in found]

    def routes(self, table: str, **filters: str) -> list[tuple[str, str, str]]:
        found = self.ec2.search_transit_gateway_routes(
            TransitGatewayRouteTableId=table,
            Filters=[
                {"Name": name.replace("__", ".").replace("_", "-"), "Values": [value]}
                for name, value in filters.items()
            ],
        )["Routes"]
        return sorted((r["DestinationCidrBlock"], r["Type"], r["State"]) for r in found)


class DefaultRouteTable(TransitGatewayTest):
    def test_is_not_made_when_the_options_disable_it(self) -> None:
        gateway = self.gateway(**DISABLED)
        self.assertNotIn("AssociationDefaultRouteTableId", gateway["Options"])
        self.assertNotIn("PropagationDefaultRouteTableId", gateway["Options"])
        found = self.ec2.describe_transit_gateway_route_tables()
        self.assertEqual(found["TransitGatewayRouteTables"], [])

    def test_goes_with_its_gateway(self) -> None:
        gateway = self.gateway()
        tables = self.ec2.describe_transit_gateway_route_tables
        self.assertEqual(len(tables()["TransitGatewayRouteTables"]), 1)
        self.ec2.delete_transit_gateway(TransitGatewayId=gateway["TransitGatewayId"])
        self.assertEqual(tables()["TransitGatewayRouteTables"], [])

    def test_takes_new_attachments_only_when_the_options_say_so(self) -> None:
        gateway = self.gateway(DefaultRouteTablePropagation="disable")
        attachment = self.attachment(gateway["TransitGatewayId"], "10.1.0.0/16")
        table = gateway["Options"]["AssociationDefaultRouteTableId"]
        self.assertEqual(self.associations(table), [attachment])
        self.assertEqual(self.propagations(table), [])


class Attachments(TransitGatewayTest):
    def setUp(self) -> None:
        super().setUp()
        self.tgw = self.gateway(**DISABLED)["TransitGatewayId"]
        self.blue = self.attachment(self.tgw, "10.1.0.0/16")

    def described(self, *ids: str) -> list[Any]:
        return self.ec2.describe_transit_gateway_vpc_attachments(
            TransitGatewayAttachmentIds=list(ids)
        )["TransitGatewayVpcAttachments"]

    def test_keep_the_tags_given_at_creation(self) -> None:
        self.assertEqual(
            self.described(self.blue)[0]["Tags"], [{"Key": "Name", "Value": "mine"}]
        )

    def test_have_no_association_with_the_defaults_disabled(self) -> None:
        found = self.ec2.describe_transit_gateway_attachments()
        self.assertNotIn("Association", found["TransitGatewayAttachments"][0])

    def test_show_the_table_they_are_associated_with(self) -> None:
        table = self.table(self.tgw)
        self.ec2.associate_transit_gateway_route_table(
            TransitGatewayAttachmentId=self.blue, TransitGatewayRouteTableId=table
        )
        found = self.ec2.describe_transit_gateway_attachments()
        shown = found["TransitGatewayAttachments"][0]["Association"]
        self.assertEqual(shown["TransitGatewayRouteTableId"], table)

    def test_are_associated_once_and_disassociated_once(self) -> None:
        pair = {
            "TransitGatewayAttachmentId": self.blue,
            "TransitGatewayRouteTableId": self.table(self.tgw),
        }
        self.ec2.associate_transit_gateway_route_table(**pair)
        self.assert_refused(
            "Resource.AlreadyAssociated",
            self.ec2.associate_transit_gateway_route_table,
            **pair,
        )
        self.ec2.disassociate_transit_gateway_route_table(**pair)
        self.assertEqual(self.associations(pair["TransitGatewayRouteTableId"]), [])
        self.assert_refused(
            "InvalidAssociation.NotFound",
            self.ec2.disassociate_transit_gateway_route_table,
            **pair,
        )

    def test_can_leave_the_default_table(self) -> None:
        gateway = self.gateway()
        attachment = self.attachment(gateway["TransitGatewayId"], "10.2.0.0/16")
        table = gateway["Options"]["AssociationDefaultRouteTableId"]
        pair = {
            "TransitGatewayAttachmentId": attachment,
            "TransitGatewayRouteTableId": table,
        }
        self.ec2.disassociate_transit_gateway_route_table(**pair)
        self.ec2.disable_transit_gateway_route_table_propagation(**pair)
        self.assertEqual(self.associations(table), [])
        self.assertEqual(self.propagations(table), [])

    def test_propagate_to_several_tables(self) -> None:
        tables = [self.table(self.tgw), self.table(self.tgw)]
        for table in tables:
            self.ec2.enable_transit_gateway_route_table_propagation(
                TransitGatewayAttachmentId=self.blue, TransitGatewayRouteTableId=table
            )
        for table in tables:
            self.assertEqual(self.propagations(table), [self.blue])
            self.ec2.disable_transit_gateway_route_table_propagation(
                TransitGatewayAttachmentId=self.blue, TransitGatewayRouteTableId=table
            )
            self.assertEqual(self.propagations(table), [])

    def test_are_described_as_deleted_and_have_left_every_table(self) -> None:
        table = self.table(self.tgw)
        pair = {
            "TransitGatewayAttachmentId": self.blue,
            "TransitGatewayRouteTableId": table,
        }
        self.ec2.associate_transit_gateway_route_table(**pair)
        self.ec2.enable_transit_gateway_route_table_propagation(**pair)
        self.ec2.create_transit_gateway_route(
            DestinationCidrBlock="10.9.0.0/16", **pair
        )
        self.ec2.delete_transit_gateway_vpc_attachment(
            TransitGatewayAttachmentId=self.blue
        )
        self.assertEqual(self.described(self.blue)[0]["State"], "deleted")
        self.assertEqual(self.associations(table), [])
        self.assertEqual(self.propagations(table), [])
        self.assertEqual(self.routes(table), [("10.9.0.0/16", "static", "blackhole")])

    def test_that_never_were_are_unknown(self) -> None:
        for call in (
            lambda **ids: self.described(*ids.values()),
            self.ec2.delete_transit_gateway_vpc_attachment,
        ):
            self.assert_refused(
                "InvalidTransitGatewayAttachmentID.NotFound",
                call,
                TransitGatewayAttachmentId="tgw-attach-0123456789abcdef0",
            )


class Routes(TransitGatewayTest):
    def setUp(self) -> None:
        super().setUp()
        self.tgw = self.gateway(**DISABLED)["TransitGatewayId"]
        self.blue = self.attachment(self.tgw, "10.1.0.0/16")
        self.tgw_table = self.table(self.tgw)
        self.ec2.enable_transit_gateway_route_table_propagation(
            TransitGatewayAttachmentId=self.blue,
            TransitGatewayRouteTableId=self.tgw_table,
        )

    def route(self, cidr: str, **target: Any) -> None:
        self.ec2.create_transit_gateway_route(
            DestinationCidrBlock=cidr,
            TransitGatewayRouteTableId=self.tgw_table,
            **target,
        )

    def test_include_the_propagated_ones(self) -> None:
        self.assertEqual(
            self.routes(self.tgw_table), [("10.1.0.0/16", "propagated", "active")]
        )

    def test_of_a_static_kind_stand_before_propagated_ones(self) -> None:
        self.route("10.1.0.0/16", Blackhole=True)
        self.assertEqual(
            self.routes(self.tgw_table), [("10.1.0.0/16", "static", "blackhole")]
        )

    def test_name_their_attachment(self) -> None:
        self.route("10.3.0.0/16", TransitGatewayAttachmentId=self.blue)
        found = self.ec2.search_transit_gateway_routes(
            TransitGatewayRouteTableId=self.tgw_table,
            Filters=[{"Name": "type", "Values": ["static", "propagated"]}],
        )["Routes"]
        targets = [r["TransitGatewayAttachments"] for r in found]
        self.assertEqual(
            [t[0]["TransitGatewayAttachmentId"] for t in targets], [self.blue] * 2
        )

    def test_are_found_by_each_filter(self) -> None:
        self.route("10.0.0.0/8", Blackhole=True)
        table = self.tgw_table
        own = ("10.1.0.0/16", "propagated", "active")
        wide = ("10.0.0.0/8", "static", "blackhole")
        self.assertEqual(self.routes(table, type="static"), [wide])
        self.assertEqual(self.routes(table, state="active"), [own])
        self.assertEqual(
            self.routes(table, route_search__exact_match="10.0.0.0/8"), [wide]
        )
        self.assertEqual(
            self.routes(table, route_search__subnet_of_match="10.1.0.0/16"), [own]
        )
        self.assertEqual(
            self.routes(table, route_search__supernet_of_match="10.1.2.0/24"),
            [wide, own],
        )
        self.assertEqual(
            self.routes(table, attachment__resource_type="vpc"), [own]
        )
        self.assert_refused(
            "InvalidParameterValue",
            lambda: self.routes(table, color="blue"),
        )

    def test_that_are_deleted_are_gone(self) -> None:
        self.route("10.5.0.0/16", Blackhole=True)
        pair = {
            "DestinationCidrBlock": "10.5.0.0/16",
            "TransitGatewayRouteTableId": self.tgw_table,
        }
        self.ec2.delete_transit_gateway_route(**pair)
        self.assertEqual(self.routes(self.tgw_table, type="static"), [])
        self.assert_refused(
            "InvalidRoute.NotFound", self.ec2.delete_transit_gateway_route, **pair
        )

    def test_of_an_unknown_table_are_refused(self) -> None:
        self.assert_refused(
            "InvalidRouteTableID.NotFound",
            lambda: self.routes("tgw-rtb-0123456789abcdef0"),
        )


class VpnConnections(TransitGatewayTest):
    def connect(self, gateway: str, **options: Any) -> Any:
        customer = self.ec2.create_customer_gateway(
            BgpAsn=65010, IpAddress="198.51.100.7", Type="ipsec.1", DeviceName="onprem"
        )["CustomerGateway"]
        self.assertEqual(customer["DeviceName"], "onprem")
        return self.ec2.create_vpn_connection(
            CustomerGatewayId=customer["CustomerGatewayId"],
            TransitGatewayId=gateway,
            Type="ipsec.1",
            Options=options,
        )["VpnConnection"]

    def attachments(self, state: str) -> list[str]:
        found = self.ec2.describe_transit_gateway_attachments()
        return [
            a["TransitGatewayAttachmentId"]
            for a in found["TransitGatewayAttachments"]
            if a["State"] == state
        ]

    def test_keep_their_options(self) -> None:
        gateway = self.gateway(**DISABLED)["TransitGatewayId"]
        options = self.connect(gateway, StaticRoutesOnly=True)["Options"]
        self.assertTrue(options["StaticRoutesOnly"])
        self.assertEqual(options["TunnelInsideIpVersion"], "ipv4")
        self.assertFalse(self.connect(gateway)["Options"]["StaticRoutesOnly"])

    def test_join_the_default_tables_and_leave_them(self) -> None:
        gateway = self.gateway()
        table = gateway["Options"]["AssociationDefaultRouteTableId"]
        vpn = self.connect(gateway["TransitGatewayId"])
        self.assertEqual(self.associations(table), self.attachments("available"))
        self.assertEqual(self.propagations(table), self.attachments("available"))
        self.ec2.delete_vpn_connection(VpnConnectionId=vpn["VpnConnectionId"])
        self.assertEqual(self.associations(table), [])
        self.assertEqual(self.propagations(table), [])
        self.assertEqual(self.attachments("available"), [])
