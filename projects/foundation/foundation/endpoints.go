package foundation

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/iamdoc"
)

// interfaceServices are the AWS APIs that workloads call from the private
// subnets; without a NAT gateway there is no other way to them.
func interfaceServices() []string {
	return []string{"ec2", "ecr.api", "ecr.dkr", "kms", "lambda", "logs", "monitoring", "rds", "secretsmanager", "sns", "sqs", "ssm", "sts"}
}

// gatewayServices are reached by route instead of by interface.
func gatewayServices() []string { return []string{"dynamodb", "s3"} }

// layerBucket holds the image layers that ECR hands out (Amazon ECR user guide,
// "Minimum Amazon S3 bucket permissions for Amazon ECR").
const layerBucket = "arn:aws:s3:::prod-" + config.Region + "-starport-layer-bucket/*"

// Endpoints are the private ways to the AWS APIs of one network.
type Endpoints struct {
	// prefixLists holds the prefix list ids of the gateway endpoints by service.
	prefixLists map[string]pulumi.StringOutput
}

func newEndpoints(ctx *pulumi.Context, name string, n *Network, args *NetworkArgs) (*Endpoints, error) {
	endpoints := &Endpoints{prefixLists: make(map[string]pulumi.StringOutput)}
	for _, service := range gatewayServices() {
		endpoint, err := newGatewayEndpoint(ctx, name, n, args, service)
		if err != nil {
			return nil, err
		}
		endpoints.prefixLists[service] = endpoint.PrefixListId
	}
	for _, service := range interfaceServices() {
		if err := newInterfaceEndpoint(ctx, name, n, args, service); err != nil {
			return nil, err
		}
	}
	return endpoints, nil
}

func newGatewayEndpoint(ctx *pulumi.Context, name string, n *Network, args *NetworkArgs, service string) (*ec2.VpcEndpoint, error) {
	policy, err := endpointPolicy(service, args.AccountID).JSON()
	if err != nil {
		return nil, fmt.Errorf("policy of the %s endpoint: %w", service, err)
	}
	endpoint, err := ec2.NewVpcEndpoint(ctx, name+"-"+service, &ec2.VpcEndpointArgs{
		VpcId:           n.VpcID,
		ServiceName:     pulumi.String(serviceName(service)),
		VpcEndpointType: pulumi.String("Gateway"),
		RouteTableIds:   pulumi.StringArray{n.TableIDs[Private]},
		Policy:          pulumi.String(policy),
		Tags:            nameTag(args.Names, service),
	}, pulumi.Parent(n))
	if err != nil {
		return nil, fmt.Errorf("gateway endpoint for %s: %w", service, err)
	}
	return endpoint, nil
}

func newInterfaceEndpoint(ctx *pulumi.Context, name string, n *Network, args *NetworkArgs, service string) error {
	policy, err := endpointPolicy(service, args.AccountID).JSON()
	if err != nil {
		return fmt.Errorf("policy of the %s endpoint: %w", service, err)
	}
	_, err = ec2.NewVpcEndpoint(ctx, name+"-"+service, &ec2.VpcEndpointArgs{
		VpcId:             n.VpcID,
		ServiceName:       pulumi.String(serviceName(service)),
		VpcEndpointType:   pulumi.String("Interface"),
		PrivateDnsEnabled: pulumi.Bool(true),
		SubnetIds:         n.SubnetIDs[Private],
		SecurityGroupIds:  pulumi.StringArray{n.groups.endpoint},
		Policy:            pulumi.String(policy),
		Tags:              nameTag(args.Names, service),
	}, pulumi.Parent(n))
	if err != nil {
		return fmt.Errorf("interface endpoint for %s: %w", service, err)
	}
	return nil
}

func serviceName(service string) string { return "com.amazonaws." + config.Region + "." + service }

// endpointPolicy lets this account's principals reach this account's resources,
// so that nothing can be carried out of the network to another account.
func endpointPolicy(service, accountID string) iamdoc.Document {
	document := iamdoc.Document{Statements: []iamdoc.Statement{{
		Sid:        "OwnAccountOnly",
		Principals: iamdoc.Principals{Anyone: true},
		Actions:    []string{action(service)},
		Resources:  []string{"*"},
		Conditions: iamdoc.Conditions{"StringEquals": {
			"aws:PrincipalAccount": {accountID},
			"aws:ResourceAccount":  {accountID},
		}},
	}}}
	if service == "s3" {
		document.Statements = append(document.Statements, iamdoc.Statement{
			Sid:        "ImageLayers",
			Principals: iamdoc.Principals{Anyone: true},
			Actions:    []string{"s3:GetObject"},
			Resources:  []string{layerBucket},
			Conditions: iamdoc.Conditions{"StringEquals": {"aws:PrincipalAccount": {accountID}}},
		})
	}
	return document
}

// action is the set of API calls that pass an endpoint; some endpoints serve an
// API whose action prefix differs from the endpoint's name.
func action(service string) string {
	switch service {
	case "ecr.api", "ecr.dkr":
		return "ecr:*"
	case "monitoring":
		return "cloudwatch:*"
	default:
		return service + ":*"
	}
}
