// Package orphan looks in AWS for resources that an interrupted deployment made
// and no state knows. It finds them by what the program asked for: the Name tag
// of EC2's resources, which AWS sets together with their creation, and the name
// of resources that carry one. It changes nothing.
package orphan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/cutover/cutover/shared/ops/engine"
)

// Tags is the part of the EC2 API that is needed.
type Tags interface {
	DescribeTags(ctx context.Context, in *ec2.DescribeTagsInput, opts ...func(*ec2.Options)) (*ec2.DescribeTagsOutput, error)
}

// Finder answers what became of an interrupted creation.
type Finder struct{ tags Tags }

// New returns a finder for the account of c.
func New(c aws.Config) *Finder { return NewWith(ec2.NewFromConfig(c)) }

// NewWith returns a finder over the given API.
func NewWith(tags Tags) *Finder { return &Finder{tags} }

// tagged are the types that EC2 finds by tag, with its name for them (EC2 API
// reference, DescribeTags, filter resource-type).
var tagged = map[string]string{
	"aws:ec2/customerGateway:CustomerGateway":             "customer-gateway",
	"aws:ec2/eip:Eip":                                     "elastic-ip",
	"aws:ec2/flowLog:FlowLog":                             "vpc-flow-log",
	"aws:ec2/internetGateway:InternetGateway":             "internet-gateway",
	"aws:ec2/natGateway:NatGateway":                       "natgateway",
	"aws:ec2/networkAcl:NetworkAcl":                       "network-acl",
	"aws:ec2/routeTable:RouteTable":                       "route-table",
	"aws:ec2/securityGroup:SecurityGroup":                 "security-group",
	"aws:ec2/subnet:Subnet":                               "subnet",
	"aws:ec2/vpc:Vpc":                                     "vpc",
	"aws:ec2/vpcDhcpOptions:VpcDhcpOptions":               "dhcp-options",
	"aws:ec2/vpcEndpoint:VpcEndpoint":                     "vpc-endpoint",
	"aws:ec2/vpnConnection:VpnConnection":                 "vpn-connection",
	"aws:ec2transitgateway/routeTable:RouteTable":         "transit-gateway-route-table",
	"aws:ec2transitgateway/transitGateway:TransitGateway": "transit-gateway",
	"aws:ec2transitgateway/vpcAttachment:VpcAttachment":   "transit-gateway-attachment",
}

// named are the types whose id is one of their inputs. Whether one exists is
// found out by reading it, which is what settling does with it.
var named = map[string]string{
	"aws:cloudwatch/dashboard:Dashboard":                  "dashboardName",
	"aws:cloudwatch/logGroup:LogGroup":                    "name",
	"aws:cloudwatch/metricAlarm:MetricAlarm":              "name",
	"aws:dynamodb/table:Table":                            "name",
	"aws:ecr/repository:Repository":                       "name",
	"aws:iam/role:Role":                                   "name",
	"aws:kms/alias:Alias":                                 "name",
	"aws:lambda/function:Function":                        "name",
	"aws:rds/cluster:Cluster":                             "clusterIdentifier",
	"aws:rds/clusterInstance:ClusterInstance":             "identifier",
	"aws:rds/clusterParameterGroup:ClusterParameterGroup": "name",
	"aws:rds/parameterGroup:ParameterGroup":               "name",
	"aws:rds/subnetGroup:SubnetGroup":                     "name",
	"aws:s3/bucket:Bucket":                                "bucket",
	"aws:s3/bucketV2:BucketV2":                            "bucket",
	"aws:ssm/parameter:Parameter":                         "name",
}

// nameless are the types of which AWS makes a second one without a word, and
// which cannot be found by what the program asked for.
var nameless = []string{
	"aws:acm/certificate:Certificate",
	"aws:ec2/instance:Instance",
	"aws:kms/key:Key",
	"aws:route53/healthCheck:HealthCheck",
	"aws:route53/zone:Zone",
}

// Find returns the ids of the resources that answer to p. For all types that are
// in none of the lists, AWS refuses a second resource of the same name or place,
// so forgetting the first cannot make a duplicate: none are returned.
func (f *Finder) Find(ctx context.Context, p engine.Pending) ([]string, error) {
	if kind, ok := tagged[p.Type]; ok {
		return f.byTag(ctx, kind, p)
	}
	if input, ok := named[p.Type]; ok {
		if name, _ := p.Inputs[input].(string); name != "" {
			return []string{name}, nil
		}
	}
	if slices.Contains(nameless, p.Type) {
		return nil, fmt.Errorf("resources of type %s cannot be found by their inputs", p.Type)
	}
	return nil, nil
}

func (f *Finder) byTag(ctx context.Context, kind string, p engine.Pending) ([]string, error) {
	tags, _ := p.Inputs["tags"].(map[string]any)
	name, _ := tags["Name"].(string)
	if name == "" {
		return nil, fmt.Errorf("it has no Name tag to look for")
	}
	out, err := f.tags.DescribeTags(ctx, &ec2.DescribeTagsInput{Filters: []types.Filter{
		{Name: aws.String("key"), Values: []string{"Name"}},
		{Name: aws.String("value"), Values: []string{escape(name)}},
		{Name: aws.String("resource-type"), Values: []string{kind}},
	}})
	if err != nil {
		return nil, fmt.Errorf("look for a %s named %s: %w", kind, name, err)
	}
	var ids []string
	for _, tag := range out.Tags {
		ids = append(ids, aws.ToString(tag.ResourceId))
	}
	return ids, nil
}

// escape makes a name match itself only: in filter values, * and ? are wildcards
// and a backslash takes their meaning away.
func escape(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`).Replace(name)
}
