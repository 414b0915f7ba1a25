package mapping

// globalacceleratorResources are the tokens aws:globalaccelerator/….
var globalacceleratorResources = table{
	"aws_globalaccelerator_accelerator":                   token("globalaccelerator", "Accelerator"),
	"aws_globalaccelerator_cross_account_attachment":      token("globalaccelerator", "CrossAccountAttachment"),
	"aws_globalaccelerator_custom_routing_accelerator":    token("globalaccelerator", "CustomRoutingAccelerator"),
	"aws_globalaccelerator_custom_routing_endpoint_group": token("globalaccelerator", "CustomRoutingEndpointGroup"),
	"aws_globalaccelerator_custom_routing_listener":       token("globalaccelerator", "CustomRoutingListener"),
	"aws_globalaccelerator_endpoint_group":                token("globalaccelerator", "EndpointGroup"),
	"aws_globalaccelerator_listener":                      token("globalaccelerator", "Listener"),
}
