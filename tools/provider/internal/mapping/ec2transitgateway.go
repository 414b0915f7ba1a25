package mapping

// ec2transitgatewayResources are the tokens aws:ec2transitgateway/….
var ec2transitgatewayResources = table{
	"aws_ec2_instance_connect_endpoint":                       token("ec2transitgateway", "InstanceConnectEndpoint"),
	"aws_ec2_instance_state":                                  token("ec2transitgateway", "InstanceState"),
	"aws_ec2_transit_gateway":                                 token("ec2transitgateway", "TransitGateway"),
	"aws_ec2_transit_gateway_connect":                         token("ec2transitgateway", "Connect"),
	"aws_ec2_transit_gateway_connect_peer":                    token("ec2transitgateway", "ConnectPeer"),
	"aws_ec2_transit_gateway_default_route_table_association": token("ec2transitgateway", "DefaultRouteTableAssociation"),
	"aws_ec2_transit_gateway_default_route_table_propagation": token("ec2transitgateway", "DefaultRouteTablePropagation"),
	"aws_ec2_transit_gateway_multicast_domain":                token("ec2transitgateway", "MulticastDomain"),
	"aws_ec2_transit_gateway_multicast_domain_association":    token("ec2transitgateway", "MulticastDomainAssociation"),
	"aws_ec2_transit_gateway_multicast_group_member":          token("ec2transitgateway", "MulticastGroupMember"),
	"aws_ec2_transit_gateway_multicast_group_source":          token("ec2transitgateway", "MulticastGroupSource"),
	"aws_ec2_transit_gateway_peering_attachment":              token("ec2transitgateway", "PeeringAttachment"),
	"aws_ec2_transit_gateway_peering_attachment_accepter":     token("ec2transitgateway", "PeeringAttachmentAccepter"),
	"aws_ec2_transit_gateway_policy_table":                    token("ec2transitgateway", "PolicyTable"),
	"aws_ec2_transit_gateway_policy_table_association":        token("ec2transitgateway", "PolicyTableAssociation"),
	"aws_ec2_transit_gateway_prefix_list_reference":           token("ec2transitgateway", "PrefixListReference"),
	"aws_ec2_transit_gateway_route":                           token("ec2transitgateway", "Route"),
	"aws_ec2_transit_gateway_route_table":                     token("ec2transitgateway", "RouteTable"),
	"aws_ec2_transit_gateway_route_table_association":         token("ec2transitgateway", "RouteTableAssociation"),
	"aws_ec2_transit_gateway_route_table_propagation":         token("ec2transitgateway", "RouteTablePropagation"),
	"aws_ec2_transit_gateway_vpc_attachment":                  token("ec2transitgateway", "VpcAttachment", deletedFirst()),
	"aws_ec2_transit_gateway_vpc_attachment_accepter":         token("ec2transitgateway", "VpcAttachmentAccepter"),
}
