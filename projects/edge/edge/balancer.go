package edge

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/wafv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
)

const (
	https    = 443
	anywhere = "0.0.0.0/0"
	// tlsPolicy offers TLS 1.3 and 1.2 without CBC suites (user guide for
	// Application Load Balancers, "Security policies"; AWS Security Hub ELB.17).
	tlsPolicy = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
	// Response headers of the listeners: browsers stay with HTTPS for a year, for
	// names below too, and take no type but the one that is told.
	transportSecurity = "max-age=31536000; includeSubDomains"
	contentOptions    = "nosniff"
	// idleTimeout, in seconds, is longer than any request of the platform takes.
	idleTimeout = 60
)

// BalancerArgs describes one colour's balancer.
type BalancerArgs struct {
	Names       naming.Namer
	Environment config.Environment
	Services    catalog.Catalog
	Network     contract.Network
	// CertificateARN names a certificate that is issued.
	CertificateARN pulumi.StringInput
	// AccessLogsBucket takes the request log of the bucket of the balancer's logs.
	AccessLogsBucket pulumi.StringInput
	// WebACLARN names the firewall that every request passes first.
	WebACLARN pulumi.StringInput
	// ZonalShift and ResponseHeaders are as in the configuration.
	ZonalShift, ResponseHeaders bool
}

// Validate joins all that is wrong with the arguments.
func (a *BalancerArgs) Validate() error {
	var problems []error
	if len(a.Services.Services) == 0 {
		problems = append(problems, errors.New("balancer services: none, expected the catalogue's"))
	}
	for _, service := range a.Services.Services {
		if service.Health == "" || len(service.Paths) == 0 || len(service.Paths) > maxConditionValues {
			problems = append(problems, fmt.Errorf("balancer service %q: health path %q and %d path patterns, expected a path and 1 to %d patterns",
				service.Name, service.Health, len(service.Paths), maxConditionValues))
		}
	}
	if a.CertificateARN == nil {
		problems = append(problems, errors.New("balancer certificate: is missing, expected the ARN of a certificate"))
	}
	if a.WebACLARN == nil {
		problems = append(problems, errors.New("balancer web ACL: is missing, expected the ARN of the firewall"))
	}
	if a.Environment.AccountID == "" {
		problems = append(problems, errors.New("balancer account id: is empty, expected 12 digits"))
	}
	return errors.Join(problems...)
}

// Balancer is one colour's public load balancer. It takes HTTPS from anywhere,
// sends each path to its service over TLS and answers everything else with 404.
type Balancer struct {
	pulumi.ResourceState

	ARN       pulumi.StringOutput
	ARNSuffix pulumi.StringOutput
	// Endpoint is the name that AWS gave it, ZoneID the zone of that name.
	Endpoint pulumi.StringOutput
	ZoneID   pulumi.StringOutput
	GroupID  pulumi.StringOutput
	// TargetGroupARNs and TargetGroupARNSuffixes are by service name.
	TargetGroupARNs        pulumi.StringMap
	TargetGroupARNSuffixes pulumi.StringMap

	listenerARN pulumi.StringOutput
	logs        *component.Bucket
}

// NewBalancer makes one colour's balancer with its rules and target groups.
func NewBalancer(ctx *pulumi.Context, name string, args *BalancerArgs, opts ...pulumi.ResourceOption) (*Balancer, error) {
	if err := args.Validate(); err != nil {
		return nil, err
	}
	b := &Balancer{TargetGroupARNs: pulumi.StringMap{}, TargetGroupARNSuffixes: pulumi.StringMap{}}
	if err := ctx.RegisterComponentResource("cutover:edge:Balancer", name, b, opts...); err != nil {
		return nil, fmt.Errorf("register balancer %s: %w", name, err)
	}
	for _, step := range []func(*pulumi.Context, string, *BalancerArgs) error{
		b.addGroup, b.addLogs, b.addLoadBalancer, b.addFirewall, b.addListener, b.addRoutes,
	} {
		if err := step(ctx, name, args); err != nil {
			return nil, fmt.Errorf("balancer %s: %w", name, err)
		}
	}
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{"arn": b.ARN, "endpoint": b.Endpoint})
}

// addGroup makes the balancer's security group: 443 in from anywhere, out only
// to the services on their ports.
func (b *Balancer) addGroup(ctx *pulumi.Context, name string, args *BalancerArgs) error {
	group, err := ec2.NewSecurityGroup(ctx, name+"-alb", &ec2.SecurityGroupArgs{
		VpcId:       args.Network.VpcID,
		Name:        pulumi.String(args.Names.Name(naming.SecurityGroup, "alb")),
		Description: pulumi.String("Public balancer"),
		Tags:        nameTag(args.Names, "alb"),
	}, pulumi.Parent(b))
	if err != nil {
		return fmt.Errorf("security group: %w", err)
	}
	b.GroupID = group.ID().ToStringOutput()
	if _, err := vpc.NewSecurityGroupIngressRule(ctx, name+"-alb-https", &vpc.SecurityGroupIngressRuleArgs{
		SecurityGroupId: b.GroupID,
		Description:     pulumi.String("HTTPS from anywhere"),
		IpProtocol:      pulumi.String("tcp"),
		FromPort:        pulumi.Int(https),
		ToPort:          pulumi.Int(https),
		CidrIpv4:        pulumi.String(anywhere),
		Tags:            nameTag(args.Names, "alb", "https"),
	}, pulumi.Parent(b)); err != nil {
		return fmt.Errorf("ingress rule: %w", err)
	}
	for _, service := range args.Services.Services {
		if _, err := vpc.NewSecurityGroupEgressRule(ctx, name+"-alb-to-"+service.Name, &vpc.SecurityGroupEgressRuleArgs{
			SecurityGroupId:           b.GroupID,
			Description:               pulumi.String("Requests and health checks to " + service.Name),
			IpProtocol:                pulumi.String("tcp"),
			FromPort:                  pulumi.Int(service.Port),
			ToPort:                    pulumi.Int(service.Port),
			ReferencedSecurityGroupId: component.Entry(args.Network.ServiceSecurityGroupIDs, name+" service security groups of the foundation layer", service.Name),
			Tags:                      nameTag(args.Names, "alb", service.Name),
		}, pulumi.Parent(b)); err != nil {
			return fmt.Errorf("egress rule to %s: %w", service.Name, err)
		}
	}
	return nil
}

func (b *Balancer) addLoadBalancer(ctx *pulumi.Context, name string, args *BalancerArgs) error {
	balancer, err := lb.NewLoadBalancer(ctx, name+"-alb", &lb.LoadBalancerArgs{
		Name:                     pulumi.String(balancerName(args.Names)),
		LoadBalancerType:         pulumi.String("application"),
		Internal:                 pulumi.Bool(false),
		IpAddressType:            pulumi.String("ipv4"),
		Subnets:                  args.Network.PublicSubnetIDs,
		SecurityGroups:           pulumi.StringArray{b.GroupID},
		DropInvalidHeaderFields:  pulumi.Bool(true),
		DesyncMitigationMode:     pulumi.String("strictest"),
		EnableDeletionProtection: pulumi.Bool(args.Environment.Protect),
		EnableHttp2:              pulumi.Bool(true),
		EnableWafFailOpen:        pulumi.Bool(false),
		EnableZonalShift:         pulumi.Bool(args.ZonalShift),
		IdleTimeout:              pulumi.Int(idleTimeout),
		XffHeaderProcessingMode:  pulumi.String("append"),
		AccessLogs: lb.LoadBalancerAccessLogsArgs{
			Bucket: b.logs.Name, Prefix: pulumi.String(accessPrefix), Enabled: pulumi.Bool(true),
		},
		ConnectionLogs: lb.LoadBalancerConnectionLogsArgs{
			Bucket: b.logs.Name, Prefix: pulumi.String(connectionPrefix), Enabled: pulumi.Bool(true),
		},
		Tags: nameTag(args.Names, "alb"),
		// AWS tries to write to the bucket at once, so its policy comes first.
	}, component.Stateful(args.Environment, pulumi.Parent(b), pulumi.DependsOn([]pulumi.Resource{b.logs.Policy()}))...)
	if err != nil {
		return fmt.Errorf("load balancer: %w", err)
	}
	b.ARN, b.ARNSuffix, b.Endpoint, b.ZoneID = balancer.Arn, balancer.ArnSuffix, balancer.DnsName, balancer.ZoneId
	return nil
}

// addFirewall puts the web ACL before the balancer. The entrance waits for the
// whole balancer, so no name leads past it.
func (b *Balancer) addFirewall(ctx *pulumi.Context, name string, args *BalancerArgs) error {
	if _, err := wafv2.NewWebAclAssociation(ctx, name+"-alb", &wafv2.WebAclAssociationArgs{
		WebAclArn: args.WebACLARN, ResourceArn: b.ARN,
	}, pulumi.Parent(b)); err != nil {
		return fmt.Errorf("web ACL before it: %w", err)
	}
	return nil
}

// addListener takes HTTPS and nothing else: without port 80 there is nothing to
// redirect and nothing to leak.
func (b *Balancer) addListener(ctx *pulumi.Context, name string, args *BalancerArgs) error {
	listenerArgs := &lb.ListenerArgs{
		LoadBalancerArn: b.ARN,
		Port:            pulumi.Int(https),
		Protocol:        pulumi.String("HTTPS"),
		SslPolicy:       pulumi.String(tlsPolicy),
		CertificateArn:  args.CertificateARN.ToStringOutput().ToStringPtrOutput(),
		DefaultActions: lb.ListenerDefaultActionArray{lb.ListenerDefaultActionArgs{
			Type: pulumi.String("fixed-response"),
			FixedResponse: lb.ListenerDefaultActionFixedResponseArgs{
				StatusCode:  pulumi.String("404"),
				ContentType: pulumi.String("text/plain"),
				MessageBody: pulumi.String("not found"),
			},
		}},
		Tags: nameTag(args.Names, "https"),
	}
	if args.ResponseHeaders {
		listenerArgs.RoutingHttpResponseStrictTransportSecurityHeaderValue = pulumi.String(transportSecurity)
		listenerArgs.RoutingHttpResponseXContentTypeOptionsHeaderValue = pulumi.String(contentOptions)
		listenerArgs.RoutingHttpResponseServerEnabled = pulumi.Bool(false)
	}
	listener, err := lb.NewListener(ctx, name+"-https", listenerArgs, pulumi.Parent(b))
	if err != nil {
		return fmt.Errorf("listener: %w", err)
	}
	b.listenerARN = listener.Arn
	return nil
}

// outputs is what the contract promises of this balancer, but for the names.
func (b *Balancer) outputs() contract.Balancer {
	return contract.Balancer{
		ARN:                    b.ARN,
		ARNSuffix:              b.ARNSuffix,
		Endpoint:               b.Endpoint,
		EndpointZoneID:         b.ZoneID,
		ListenerARN:            b.listenerARN,
		SecurityGroupID:        b.GroupID,
		TargetGroupARNs:        b.TargetGroupARNs.ToStringMapOutput(),
		TargetGroupARNSuffixes: b.TargetGroupARNSuffixes.ToStringMapOutput(),
	}
}

func balancerName(names naming.Namer) string { return names.Name(naming.LoadBalancer, "alb") }

// nameTag is the tag that the console shows as a resource's name.
func nameTag(names naming.Namer, parts ...string) pulumi.StringMap {
	return pulumi.StringMap{"Name": pulumi.String(names.Name(naming.Generic, parts...))}
}
