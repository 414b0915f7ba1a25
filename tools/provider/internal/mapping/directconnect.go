package mapping

// directconnectResources are the tokens aws:directconnect/….
var directconnectResources = table{
	"aws_dx_bgp_peer":                                  token("directconnect", "BgpPeer"),
	"aws_dx_connection":                                token("directconnect", "Connection"),
	"aws_dx_connection_association":                    token("directconnect", "ConnectionAssociation"),
	"aws_dx_connection_confirmation":                   token("directconnect", "ConnectionConfirmation"),
	"aws_dx_gateway":                                   token("directconnect", "Gateway"),
	"aws_dx_gateway_association":                       token("directconnect", "GatewayAssociation"),
	"aws_dx_gateway_association_proposal":              token("directconnect", "GatewayAssociationProposal"),
	"aws_dx_hosted_connection":                         token("directconnect", "HostedConnection"),
	"aws_dx_hosted_private_virtual_interface":          token("directconnect", "HostedPrivateVirtualInterface"),
	"aws_dx_hosted_private_virtual_interface_accepter": token("directconnect", "HostedPrivateVirtualInterfaceAccepter"),
	"aws_dx_hosted_public_virtual_interface":           token("directconnect", "HostedPublicVirtualInterface"),
	"aws_dx_hosted_public_virtual_interface_accepter":  token("directconnect", "HostedPublicVirtualInterfaceAccepter"),
	"aws_dx_hosted_transit_virtual_interface":          token("directconnect", "HostedTransitVirtualInterface"),
	"aws_dx_hosted_transit_virtual_interface_accepter": token("directconnect", "HostedTransitVirtualInterfaceAcceptor"),
	"aws_dx_lag":                       token("directconnect", "LinkAggregationGroup"),
	"aws_dx_macsec_key_association":    token("directconnect", "MacsecKeyAssociation"),
	"aws_dx_private_virtual_interface": token("directconnect", "PrivateVirtualInterface"),
	"aws_dx_public_virtual_interface":  token("directconnect", "PublicVirtualInterface"),
	"aws_dx_transit_virtual_interface": token("directconnect", "TransitVirtualInterface"),
}
