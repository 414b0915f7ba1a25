//go:build e2e

package e2e_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	dnstypes "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	waftypes "github.com/aws/aws-sdk-go-v2/service/wafv2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/edge/firewalltest"
	"github.com/cutover/cutover/projects/edge/routing"
	"github.com/cutover/cutover/projects/edge/routing/routingtest"
	"github.com/cutover/cutover/shared/catalog"
)

// listenerOf finds the only listener of a balancer.
func listenerOf(ctx context.Context, client *elb.Client, balancer string) (loadBalancerARN, listenerARN *string, err error) {
	found, err := client.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{Names: []string{balancer}})
	if err != nil {
		return nil, nil, err
	}
	loadBalancerARN = found.LoadBalancers[0].LoadBalancerArn
	listeners, err := client.DescribeListeners(ctx, &elb.DescribeListenersInput{LoadBalancerArn: loadBalancerARN})
	if err != nil {
		return nil, nil, err
	}
	return loadBalancerARN, listeners.Listeners[0].ListenerArn, nil
}

// groupOf finds the target group of a service.
func groupOf(ctx context.Context, client *elb.Client, balancer *string, path string) (*string, error) {
	groups, err := client.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{LoadBalancerArn: balancer})
	if err != nil {
		return nil, err
	}
	for _, group := range groups.TargetGroups {
		if aws.ToString(group.HealthCheckPath) == path {
			return group.TargetGroupArn, nil
		}
	}
	return nil, nil
}

// routesRequests evaluates the rules that AWS has for the whole table of requests.
func (s *site) routesRequests(ctx context.Context, t *testing.T) {
	t.Helper()
	client := elb.NewFromConfig(s.aws())
	services, err := catalog.Load()
	require.NoError(t, err)
	for _, color := range []string{"blue", "green"} {
		balancer, listener, err := listenerOf(ctx, client, "cutover-local-"+color+"-alb")
		require.NoError(t, err)
		table, err := routing.Read(ctx, client, *listener)
		require.NoError(t, err)
		assert.Equal(t, "404", table.Default)
		require.Len(t, table.Rules, len(services.Services))
		names := map[string]string{"": ""}
		for _, service := range services.Services {
			arn, err := groupOf(ctx, client, balancer, service.Health)
			require.NoError(t, err)
			names[aws.ToString(arn)] = service.Name
		}
		for _, c := range routingtest.Cases() {
			assert.Equal(t, c.Want, names[table.Target(c.Request)], "%s: %q", color, c.Request)
			assert.Equal(t, c.Normal, names[table.Target(routing.Normalised(c.Request))], "%s: normal form of %q", color, c.Request)
		}
	}
}

// filtersRequests runs the rules of the web ACL that AWS has for a table of requests,
// and asks for the capacity that they take.
func (s *site) filtersRequests(ctx context.Context, t *testing.T) {
	t.Helper()
	acl, err := firewall(ctx, wafv2.NewFromConfig(s.aws()))
	require.NoError(t, err)
	assert.Less(t, acl.WebACL.Capacity, int64(1500))
	for _, c := range firewalltest.Cases() {
		got, err := firewalltest.Decide(acl.WebACL.Rules, c.Request)
		require.NoError(t, err, c.Name)
		assert.Equal(t, c.Want, got, c.Name)
	}
}

// signed takes the signatures of the public zone away, or has it signed again.
func signed(sign bool) func(context.Context, aws.Config) error {
	return func(ctx context.Context, cfg aws.Config) error {
		client := route53.NewFromConfig(cfg)
		zone, _, err := publicRecords(ctx, client)
		if err != nil {
			return err
		}
		if sign {
			_, err = client.EnableHostedZoneDNSSEC(ctx, &route53.EnableHostedZoneDNSSECInput{HostedZoneId: zone})
			return err
		}
		_, err = client.DisableHostedZoneDNSSEC(ctx, &route53.DisableHostedZoneDNSSECInput{HostedZoneId: zone})
		return err
	}
}

// spoiledEdge is what somebody changes between customers and services.
func spoiledEdge() []spoiled {
	return append(append(spoiledBalancer(), spoiledFirewall()...), spoiledNames()...)
}

// onBlue spoils something of the blue balancer.
func onBlue(change func(ctx context.Context, client *elb.Client, balancer, listener *string) error) func(context.Context, aws.Config) error {
	return func(ctx context.Context, cfg aws.Config) error {
		client := elb.NewFromConfig(cfg)
		balancer, listener, err := listenerOf(ctx, client, "cutover-local-blue-alb")
		if err != nil {
			return err
		}
		return change(ctx, client, balancer, listener)
	}
}

func spoiledBalancer() []spoiled {
	attribute := func(key, value string) func(context.Context, aws.Config) error {
		return onBlue(func(ctx context.Context, client *elb.Client, balancer, _ *string) error {
			_, err := client.ModifyLoadBalancerAttributes(ctx, &elb.ModifyLoadBalancerAttributesInput{
				LoadBalancerArn: balancer, Attributes: []elbtypes.LoadBalancerAttribute{{Key: aws.String(key), Value: aws.String(value)}},
			})
			return err
		})
	}
	return []spoiled{
		{
			name: "requests that smuggle", seen: "balancer blue: routing.http.desync_mitigation_mode is defensive, expected strictest",
			spoil: attribute("routing.http.desync_mitigation_mode", "defensive"),
		},
		{
			name: "connections that nobody logs", seen: "balancer blue: connection_logs.s3.enabled is false, expected true",
			spoil: attribute("connection_logs.s3.enabled", "false"),
		},
		{
			name: "old TLS", seen: "listeners of balancer blue: TLS policy is ELBSecurityPolicy-2016-08",
			spoil: onBlue(func(ctx context.Context, client *elb.Client, _, listener *string) error {
				_, err := client.ModifyListener(ctx, &elb.ModifyListenerInput{ListenerArn: listener, SslPolicy: aws.String("ELBSecurityPolicy-2016-08")})
				return err
			}),
		},
		{
			name: "health that asks for nothing", seen: "targets of blue reporting: path of the health check is /, expected /reports/health",
			spoil: onBlue(func(ctx context.Context, client *elb.Client, balancer, _ *string) error {
				group, err := groupOf(ctx, client, balancer, "/reports/health")
				if err != nil {
					return err
				}
				_, err = client.ModifyTargetGroup(ctx, &elb.ModifyTargetGroupInput{TargetGroupArn: group, HealthCheckPath: aws.String("/")})
				return err
			}),
		},
		{
			name: "rule before all others", seen: "rules of balancer blue: priority 7 takes [/payments/vip/*], expected no such rule",
			spoil: onBlue(func(ctx context.Context, client *elb.Client, balancer, listener *string) error {
				group, err := groupOf(ctx, client, balancer, "/payments/health")
				if err != nil {
					return err
				}
				_, err = client.CreateRule(ctx, &elb.CreateRuleInput{
					ListenerArn: listener, Priority: aws.Int32(7), Actions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: group}},
					Conditions: []elbtypes.RuleCondition{{Field: aws.String("path-pattern"), PathPatternConfig: &elbtypes.PathPatternConditionConfig{Values: []string{"/payments/vip/*"}}}},
				})
				return err
			}),
			undo: onBlue(func(ctx context.Context, client *elb.Client, _, listener *string) error {
				rules, err := client.DescribeRules(ctx, &elb.DescribeRulesInput{ListenerArn: listener})
				if err != nil {
					return err
				}
				for _, rule := range rules.Rules {
					if aws.ToString(rule.Priority) == "7" {
						_, err = client.DeleteRule(ctx, &elb.DeleteRuleInput{RuleArn: rule.RuleArn})
					}
				}
				return err
			}),
		},
	}
}

// firewall finds the web ACL.
func firewall(ctx context.Context, client *wafv2.Client) (*wafv2.GetWebACLOutput, error) {
	all, err := client.ListWebACLs(ctx, &wafv2.ListWebACLsInput{Scope: waftypes.ScopeRegional})
	if err != nil {
		return nil, err
	}
	return client.GetWebACL(ctx, &wafv2.GetWebACLInput{Id: all.WebACLs[0].Id, Name: all.WebACLs[0].Name, Scope: waftypes.ScopeRegional})
}

func spoiledFirewall() []spoiled {
	return []spoiled{
		{
			name: "balancer without firewall", seen: "firewall before balancer blue: is missing",
			spoil: func(ctx context.Context, cfg aws.Config) error {
				balancer, _, err := listenerOf(ctx, elb.NewFromConfig(cfg), "cutover-local-blue-alb")
				if err != nil {
					return err
				}
				_, err = wafv2.NewFromConfig(cfg).DisassociateWebACL(ctx, &wafv2.DisassociateWebACLInput{ResourceArn: balancer})
				return err
			},
			undo: func(ctx context.Context, cfg aws.Config) error {
				balancer, _, err := listenerOf(ctx, elb.NewFromConfig(cfg), "cutover-local-blue-alb")
				if err != nil {
					return err
				}
				client := wafv2.NewFromConfig(cfg)
				acl, err := firewall(ctx, client)
				if err != nil {
					return err
				}
				_, err = client.AssociateWebACL(ctx, &wafv2.AssociateWebACLInput{ResourceArn: balancer, WebACLArn: acl.WebACL.ARN})
				return err
			},
		},
		{name: "injection that is counted", seen: "rule sqli is to count, expected to do as its group says", spoil: func(ctx context.Context, cfg aws.Config) error {
			client := wafv2.NewFromConfig(cfg)
			acl, err := firewall(ctx, client)
			if err != nil {
				return err
			}
			for i, rule := range acl.WebACL.Rules {
				if aws.ToString(rule.Name) == "sqli" {
					acl.WebACL.Rules[i].OverrideAction = &waftypes.OverrideAction{Count: &waftypes.CountAction{}}
				}
			}
			_, err = client.UpdateWebACL(ctx, &wafv2.UpdateWebACLInput{
				Id: acl.WebACL.Id, Name: acl.WebACL.Name, Scope: waftypes.ScopeRegional, LockToken: acl.LockToken,
				DefaultAction: acl.WebACL.DefaultAction, VisibilityConfig: acl.WebACL.VisibilityConfig, Rules: acl.WebACL.Rules,
			})
			return err
		}},
		{name: "cookies in the log", seen: "log of firewall cutover-local-firewall: shows the header cookie, expected it redacted", spoil: func(ctx context.Context, cfg aws.Config) error {
			client := wafv2.NewFromConfig(cfg)
			acl, err := firewall(ctx, client)
			if err != nil {
				return err
			}
			log, err := client.GetLoggingConfiguration(ctx, &wafv2.GetLoggingConfigurationInput{ResourceArn: acl.WebACL.ARN})
			if err != nil {
				return err
			}
			log.LoggingConfiguration.RedactedFields = log.LoggingConfiguration.RedactedFields[:1]
			_, err = client.PutLoggingConfiguration(ctx, &wafv2.PutLoggingConfigurationInput{LoggingConfiguration: log.LoggingConfiguration})
			return err
		}},
	}
}

// publicRecords are the weighted records of the public name with their zone.
func publicRecords(ctx context.Context, client *route53.Client) (zone *string, records []dnstypes.ResourceRecordSet, err error) {
	zones, err := client.ListHostedZonesByName(ctx, &route53.ListHostedZonesByNameInput{DNSName: aws.String("local.cutover.example")})
	if err != nil {
		return nil, nil, err
	}
	zone = zones.HostedZones[0].Id
	all, err := client.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: zone})
	if err != nil {
		return nil, nil, err
	}
	for _, record := range all.ResourceRecordSets {
		if record.SetIdentifier != nil {
			records = append(records, record)
		}
	}
	return zone, records, nil
}

// stray puts or takes a record of the public name that no colour has.
func stray(action dnstypes.ChangeAction) func(context.Context, aws.Config) error {
	return func(ctx context.Context, cfg aws.Config) error {
		client := route53.NewFromConfig(cfg)
		zone, records, err := publicRecords(ctx, client)
		if err != nil {
			return err
		}
		record := records[0]
		record.SetIdentifier, record.Weight, record.HealthCheckId = aws.String("red"), aws.Int64(3), nil
		_, err = client.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
			HostedZoneId: zone, ChangeBatch: &dnstypes.ChangeBatch{Changes: []dnstypes.Change{{Action: action, ResourceRecordSet: &record}}},
		})
		return err
	}
}

func spoiledNames() []spoiled {
	weigh := func(color string, weight int64) func(context.Context, aws.Config) error {
		return func(ctx context.Context, cfg aws.Config) error {
			client := route53.NewFromConfig(cfg)
			zone, records, err := publicRecords(ctx, client)
			if err != nil {
				return err
			}
			for _, record := range records {
				if aws.ToString(record.SetIdentifier) != color {
					continue
				}
				record.Weight = aws.Int64(weight)
				_, err = client.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
					HostedZoneId: zone, ChangeBatch: &dnstypes.ChangeBatch{Changes: []dnstypes.Change{{Action: dnstypes.ChangeActionUpsert, ResourceRecordSet: &record}}},
				})
			}
			return err
		}
	}
	return []spoiled{
		{name: "zone without signatures", seen: "signatures of local.cutover.example: are not served: Route 53 says NOT_SIGNING", spoil: signed(false), undo: signed(true)},
		{name: "record of no colour", seen: `has a record "red" of weight 3, expected those of the colours alone`, spoil: stray(dnstypes.ChangeActionCreate), undo: stray(dnstypes.ChangeActionDelete)},
		{
			name: "weight 0 behind an open check", seen: "health check admission of green: is open (disabled false, inverted false), expected it closed while the colour has no share",
			spoil: weigh("green", 0),
		},
		{name: "closed colour with a share", seen: "health check admission of blue: is closed (disabled true, inverted true), expected it to follow the payment paths", spoil: func(ctx context.Context, cfg aws.Config) error {
			client := route53.NewFromConfig(cfg)
			_, records, err := publicRecords(ctx, client)
			if err != nil {
				return err
			}
			for _, record := range records {
				if aws.ToString(record.SetIdentifier) == "blue" {
					_, err = client.UpdateHealthCheck(ctx, &route53.UpdateHealthCheckInput{HealthCheckId: record.HealthCheckId, Disabled: aws.Bool(true), Inverted: aws.Bool(true)})
				}
			}
			return err
		}},
	}
}
