package checks

import (
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/policy/document"
	"github.com/cutover/cutover/shared/policy/graph"
)

// interfaces are the APIs that need an interface endpoint in every VPC.
var interfaces = []string{"ec2", "ecr.api", "ecr.dkr", "kms", "lambda", "logs", "monitoring", "rds", "secretsmanager", "sns", "sqs", "ssm", "sts"}

// gateways are the APIs that need a gateway endpoint.
var gateways = []string{"dynamodb", "s3"}

func endpointsForEveryAPI(s *Scope) {
	for _, vpc := range s.Each(vpcType) {
		byService := make(map[string]*graph.Resource)
		for _, endpoint := range s.See(s.Referrers(vpc, endpointType, "vpcId")...) {
			byService[strings.TrimPrefix(endpoint.Text("serviceName"), "com.amazonaws."+s.Environment.Region+".")] = endpoint
		}
		for _, service := range slices.Concat(interfaces, gateways) {
			s.Expect(byService[service] != nil, vpc, "endpoint", "", "an endpoint for %s", service)
		}
		expectCalled(s, vpc, byService)
		for service, endpoint := range byService {
			if slices.Contains(gateways, service) {
				expectGateway(s, endpoint, vpc)
			} else {
				expectInterface(s, endpoint, vpc)
			}
		}
	}
}

// endpointsOf are the endpoints that the actions of a service go through, where they
// are not named like the service (VPC user guide, "AWS services that integrate with
// AWS PrivateLink").
var endpointsOf = map[string][]string{"cloudwatch": {"monitoring"}, "ecr": {"ecr.api", "ecr.dkr"}}

// elsewhere are the services whose actions are in a workload's role and are not called
// from its network: Lambda sends the traces.
var elsewhere = []string{"xray"}

// expectCalled demands an endpoint for each service of which the role of a function or
// task in the VPC may call an action.
func expectCalled(s *Scope, vpc *graph.Resource, byService map[string]*graph.Resource) {
	roles := make(map[*graph.Resource]bool)
	for _, function := range s.OfType(functionType) {
		inside := slices.ContainsFunc(ofType(function.References("vpcConfig.subnetIds"), subnetType), func(subnet *graph.Resource) bool {
			return subnet.Reference("vpcId", vpcType) == vpc
		})
		if role := function.Reference("role", roleType); inside && role != nil {
			roles[role] = true
		}
	}
	for _, task := range s.OfType(taskType) {
		for _, property := range []string{"taskRoleArn", "executionRoleArn"} {
			if role := task.Reference(property, roleType); role != nil {
				roles[role] = true
			}
		}
	}
	for role := range roles {
		for _, called := range servicesOf(s, role) {
			endpoints, listed := endpointsOf[called]
			if !listed {
				endpoints = []string{called}
			}
			for _, endpoint := range endpoints {
				s.Expect(byService[endpoint] != nil, vpc, "called", "", "an endpoint for %s, which %s may call", endpoint, role)
			}
		}
	}
}

// servicesOf are the services of which a role's own policies allow something, but for
// those that are called elsewhere.
func servicesOf(s *Scope, role *graph.Resource) []string {
	var services []string
	for _, attachment := range s.Referrers(role, attachmentType, "role") {
		holder := attachment.Reference("policyArn", policyType)
		if holder == nil {
			continue
		}
		policy, err := document.Read(holder, "policy")
		s.Expect(err == nil, holder, "readable", "policy", "a policy document that is known")
		for _, statement := range policy.Statements {
			for _, action := range statement.Actions {
				service, _, _ := strings.Cut(action, ":")
				if !statement.Deny && !slices.Contains(elsewhere, service) {
					services = append(services, service)
				}
			}
		}
	}
	slices.Sort(services)
	return slices.Compact(services)
}

// expectGateway demands a route in the table of every workload's subnet.
func expectGateway(s *Scope, endpoint, vpc *graph.Resource) {
	s.Expect(endpoint.Text("vpcEndpointType") == "Gateway", endpoint, "type", "vpcEndpointType", "Gateway")
	for _, subnet := range workloadSubnets(s) {
		if table := tableOf(s, subnet); table != nil && subnet.Reference("vpcId", vpcType) == vpc {
			s.Expect(slices.Contains(endpoint.References("routeTableIds"), table), endpoint, "tables", "routeTableIds", "the table of %s", subnet)
		}
	}
}

func expectInterface(s *Scope, endpoint, vpc *graph.Resource) {
	s.Expect(endpoint.Text("vpcEndpointType") == "Interface", endpoint, "type", "vpcEndpointType", "Interface")
	s.Expect(endpoint.Is("privateDnsEnabled", true), endpoint, "private-dns", "privateDnsEnabled", "true")
	zones := zonesOf(ofType(endpoint.References("subnetIds"), subnetType))
	s.Expect(slices.Equal(zones, zonesOf(s.Referrers(vpc, subnetType, "vpcId"))), endpoint, "every-zone", "subnetIds", "a subnet in every zone of the VPC instead of %v", zones)
	groups := ofType(endpoint.References("securityGroupIds"), groupType)
	s.Expect(len(groups) > 0, endpoint, "group", "securityGroupIds", "a security group of ours")
	for _, group := range groups {
		for _, rule := range s.Referrers(group, ingressType, "securityGroupId") {
			from, _ := rule.Number("fromPort")
			to, _ := rule.Number("toPort")
			s.Expect(from == 443 && to == 443, rule, "https", "fromPort", "443 alone")
			source := rule.Reference("referencedSecurityGroupId", groupType)
			inside := source != nil && source.Reference("vpcId", vpcType) == vpc || rule.Text("cidrIpv4") != "" && rule.Text("cidrIpv4") == vpc.Text("cidrBlock")
			s.Expect(inside, rule, "own-vpc", "referencedSecurityGroupId", "a group, or the network, of the endpoint's own VPC")
		}
	}
}

// zonesOf lists the zones of subnets, sorted, each once.
func zonesOf(subnets []*graph.Resource) []string {
	var zones []string
	for _, subnet := range subnets {
		zones = append(zones, subnet.Text("availabilityZone"))
	}
	slices.Sort(zones)
	return slices.Compact(zones)
}

// imageLayers is AWS's bucket of image layers, which tasks read through the
// endpoint of S3 (Amazon ECR user guide, "Minimum Amazon S3 bucket permissions
// for Amazon ECR").
func imageLayers(region string) string {
	return "arn:aws:s3:::prod-" + region + "-starport-layer-bucket/*"
}

func endpointsAdmitOurOwn(s *Scope) {
	for _, endpoint := range s.Each(endpointType) {
		policy, err := document.Read(endpoint, "policy")
		s.Expect(err == nil, endpoint, "policy", "policy", "a policy document that is known: without one the endpoint is open")
		layers := false
		for _, statement := range policy.Statements {
			if statement.Deny {
				continue
			}
			isLayers := slices.Equal(statement.Actions, []string{"s3:GetObject"}) && slices.Equal(statement.Resources, []string{imageLayers(s.Environment.Region)})
			layers = layers || isLayers
			expectOurs(s, endpoint, statement, isLayers)
		}
		s.Expect(layers || !strings.HasSuffix(endpoint.Text("serviceName"), ".s3") || err != nil, endpoint, "image-layers", "policy",
			"a statement that allows s3:GetObject on %s", imageLayers(s.Environment.Region))
	}
}

// expectOurs demands that principals and, but for image layers, resources belong
// to the account or the organisation.
func expectOurs(s *Scope, endpoint *graph.Resource, statement document.Statement, layers bool) {
	accounts, _ := statement.Conditions.Values("aws:PrincipalAccount", "StringEquals")
	s.Expect(slices.Equal(accounts, []string{s.Environment.AccountID}) || statement.Conditions.Has("aws:PrincipalOrgID"), endpoint, "our-principals", "policy",
		"a condition on aws:PrincipalAccount or the organisation in statement %q", statement.Sid)
	owners, _ := statement.Conditions.Values("aws:ResourceAccount", "StringEquals")
	s.Expect(layers || slices.Equal(owners, []string{s.Environment.AccountID}), endpoint, "our-resources", "policy",
		"a condition on aws:ResourceAccount in statement %q", statement.Sid)
}
