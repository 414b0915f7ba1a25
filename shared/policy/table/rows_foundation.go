package table

import "github.com/cutover/cutover/shared/contract"

var foundationRows = []Row{
	{
		ID: "F-01", Severity: Must, Layer: contract.Foundation,
		Title:        "The default security group of every VPC lets nothing in or out",
		Controls:     []string{"EC2.2"},
		CIS:          []string{"5.4"},
		Requirements: []string{"1.3.1", "1.3.2"},
		Rules: []Rule{
			{Identifier: "VPC_DEFAULT_SECURITY_GROUP_CLOSED"},
		},
	},
	{
		ID: "F-02", Severity: Must, Layer: contract.Foundation,
		Title:        "No subnet gives out public addresses",
		Controls:     []string{"EC2.15"},
		Requirements: []string{"1.4.4"},
		Rules: []Rule{
			{Identifier: "SUBNET_AUTO_ASSIGN_PUBLIC_IP_DISABLED"},
		},
	},
	{
		ID: "F-03", Severity: Must, Layer: contract.Foundation,
		Title:        "Internet gateways stand in edge-bearing VPCs only",
		Requirements: []string{"1.4.1"},
		Rules: []Rule{
			{Identifier: "INTERNET_GATEWAY_AUTHORIZED_VPC_ONLY", Parameters: []Parameter{given("AuthorizedVpcIds", "EdgeVpcIds")}},
		},
	},
	{
		ID: "F-04", Severity: Must, Layer: contract.Foundation,
		Title:        "Only public route tables lead to an internet gateway",
		Requirements: []string{"1.4.1", "1.4.2"},
		Rules: []Rule{
			{Identifier: "NO_UNRESTRICTED_ROUTE_TO_IGW", Parameters: []Parameter{given("routeTableIds", "PublicRouteTableIds")}},
		},
	},
	{
		ID: "F-05", Severity: Must, Layer: contract.Foundation,
		Title:        "Subnets of data and attachments have no default route",
		Requirements: []string{"1.4.4"},
	},
	{
		ID: "F-06", Severity: Must, Layer: contract.Foundation,
		Title:        "No network ACL opens SSH or RDP to the world",
		Controls:     []string{"EC2.21"},
		CIS:          []string{"5.1"},
		Requirements: []string{"1.3.1"},
		Rules: []Rule{
			{Identifier: "NACL_NO_UNRESTRICTED_SSH_RDP"},
		},
	},
	{
		ID: "F-07", Severity: Must, Layer: contract.Foundation,
		Title:        "No network ACL stands unused, and the default ones are adopted empty",
		Controls:     []string{"EC2.16"},
		Requirements: []string{"1.2.7"},
		Rules: []Rule{
			{Identifier: "VPC_NETWORK_ACL_UNUSED_CHECK"},
		},
	},
	{
		ID: "F-08", Severity: Must, Layer: contract.Foundation,
		Title:        "The transit gateway accepts, associates and propagates nothing by itself",
		Controls:     []string{"EC2.23"},
		Requirements: []string{"1.2.1", "1.3.1"},
		Rules: []Rule{
			{Identifier: "EC2_TRANSIT_GATEWAY_AUTO_VPC_ATTACH_DISABLED"},
		},
	},
	{
		ID: "F-09", Severity: Must, Layer: contract.Foundation,
		Title:        "Every attachment has subnets, a network ACL and a route table of its own",
		Requirements: []string{"1.3.1", "6.5.3"},
	},
	{
		ID: "F-10", Severity: Must, Layer: contract.Foundation,
		Title:        "Environments know the shared table only and drop traffic to each other",
		Requirements: []string{"1.3.1", "1.3.2", "6.5.3"},
	},
	{
		ID: "F-11", Severity: Must, Layer: contract.Foundation,
		Title:        "Routes between blue and green exist during the sync window only",
		Requirements: []string{"1.2.5", "1.3.1"},
	},
	{
		ID: "F-12", Severity: Must, Layer: contract.Foundation,
		Title:        "What must not reach each other does not: computed over gateway, routes, ACLs and groups",
		Requirements: []string{"11.4.5"},
	},
	{
		ID: "F-13", Severity: Must, Layer: contract.Foundation,
		Title:        "Every AWS API that the platform calls has a private endpoint in every zone",
		Controls:     []string{"EC2.10", "EC2.55", "EC2.56", "EC2.57"},
		Requirements: []string{"1.3.2", "1.4.2"},
		Rules: []Rule{
			{Identifier: "VPC_ENDPOINT_ENABLED", Parameters: []Parameter{
				set("serviceNames", "com.amazonaws.us-east-1.dynamodb,com.amazonaws.us-east-1.ec2,com.amazonaws.us-east-1.ecr.api,com.amazonaws.us-east-1.ecr.dkr,com.amazonaws.us-east-1.kms,com.amazonaws.us-east-1.lambda,com.amazonaws.us-east-1.logs,com.amazonaws.us-east-1.monitoring,com.amazonaws.us-east-1.rds,com.amazonaws.us-east-1.s3,com.amazonaws.us-east-1.secretsmanager,com.amazonaws.us-east-1.sns,com.amazonaws.us-east-1.sqs,com.amazonaws.us-east-1.ssm,com.amazonaws.us-east-1.sts"),
				given("vpcIds", "WorkloadVpcIds"),
			}},
		},
	},
	{
		ID: "F-14", Severity: Must, Layer: contract.Foundation,
		Title:        "Every endpoint admits our principals to our resources only",
		Requirements: []string{"7.2.5", "7.3.2"},
	},
	{
		ID: "F-15", Severity: Should, Layer: contract.Foundation,
		Title:        "Every elastic address belongs to a NAT gateway",
		Controls:     []string{"EC2.12"},
		Requirements: []string{"1.2.7"},
		Rules: []Rule{
			{Identifier: "EIP_ATTACHED"},
		},
	},
	{
		ID: "F-16", Severity: Should, Layer: contract.Foundation,
		Title:        "No peering, VPN or network firewall stands beside the gateway",
		Controls:     []string{"EC2.51", "EC2.171"},
		Requirements: []string{"1.2.5", "10.2.1"},
		Rules: []Rule{
			{Identifier: "NETFW_LOGGING_ENABLED", Deployment: IfUsed},
			{Identifier: "NETFW_POLICY_RULE_GROUP_ASSOCIATED", Deployment: IfUsed},
			{Identifier: "NETFW_POLICY_DEFAULT_ACTION_FULL_PACKETS", Deployment: IfUsed},
			{Identifier: "NETFW_POLICY_DEFAULT_ACTION_FRAGMENT_PACKETS", Deployment: IfUsed},
		},
	},
	{
		ID: "F-17", Severity: Should, Layer: contract.Foundation,
		Title:        "Public access to VPCs is blocked but for the edge",
		Controls:     []string{"EC2.172"},
		Requirements: []string{"1.4.1"},
		Rules: []Rule{
			{Identifier: "EC2_VPC_BPA_INTERNET_GATEWAY_BLOCKED", Deployment: Unconfirmed},
		},
	},
}
