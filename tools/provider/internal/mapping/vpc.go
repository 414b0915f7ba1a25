package mapping

// vpcResources are the tokens aws:vpc/….
var vpcResources = table{
	"aws_vpc_endpoint_private_dns":                      token("vpc", "EndpointPrivateDns", identified(",", "vpcEndpointId")),
	"aws_vpc_endpoint_service_private_dns_verification": token("vpc", "EndpointServicePrivateDnsVerification", identified(",", "serviceId")),
	"aws_vpc_security_group_egress_rule":                token("vpc", "SecurityGroupEgressRule"),
	"aws_vpc_security_group_ingress_rule":               token("vpc", "SecurityGroupIngressRule"),
	"aws_vpc_security_group_vpc_association":            token("vpc", "SecurityGroupVpcAssociation", identified(",", "securityGroupId", "vpcId")),
}
