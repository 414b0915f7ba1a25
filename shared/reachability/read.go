package reachability

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// Read asks EC2 for everything about the given VPCs and the gateway between them.
func Read(ctx context.Context, client *ec2.Client, gatewayID string, vpcIDs ...string) (Network, error) {
	r := reader{client: client, inVPCs: []types.Filter{{Name: aws.String("vpc-id"), Values: vpcIDs}}}
	subnets, err := r.subnets(ctx)
	if err != nil {
		return Network{}, err
	}
	gateway, err := r.gateway(ctx, gatewayID)
	if err != nil {
		return Network{}, err
	}
	return Network{Subnets: subnets, Gateway: gateway}, nil
}

type reader struct {
	client *ec2.Client
	inVPCs []types.Filter
}

func (r reader) subnets(ctx context.Context) ([]Subnet, error) {
	routes, err := r.routes(ctx)
	if err != nil {
		return nil, err
	}
	acls, err := r.acls(ctx)
	if err != nil {
		return nil, err
	}
	var subnets []Subnet
	pages := ec2.NewDescribeSubnetsPaginator(r.client, &ec2.DescribeSubnetsInput{Filters: r.inVPCs})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("describe subnets: %w", err)
		}
		for _, s := range page.Subnets {
			id := aws.ToString(s.SubnetId)
			network, err := netip.ParsePrefix(aws.ToString(s.CidrBlock))
			if err != nil {
				return nil, fmt.Errorf("network of subnet %s: %w", id, err)
			}
			subnets = append(subnets, Subnet{
				ID: id, Name: nameOf(s.Tags), VPC: aws.ToString(s.VpcId), Zone: aws.ToString(s.AvailabilityZone),
				CIDR: network, Routes: routes.of(id, aws.ToString(s.VpcId)), ACL: acls[id],
			})
		}
	}
	return subnets, nil
}

func nameOf(tags []types.Tag) string {
	for _, tag := range tags {
		if aws.ToString(tag.Key) == "Name" {
			return aws.ToString(tag.Value)
		}
	}
	return ""
}

// tables holds routes by subnet; a subnet without a table of its own uses the
// main table of its VPC.
type tables struct{ bySubnet, mainOfVPC map[string][]Route }

func (t tables) of(subnet, vpc string) []Route {
	if routes, own := t.bySubnet[subnet]; own {
		return routes
	}
	return t.mainOfVPC[vpc]
}

func (r reader) routes(ctx context.Context) (tables, error) {
	found := tables{bySubnet: make(map[string][]Route), mainOfVPC: make(map[string][]Route)}
	pages := ec2.NewDescribeRouteTablesPaginator(r.client, &ec2.DescribeRouteTablesInput{Filters: r.inVPCs})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return found, fmt.Errorf("describe route tables: %w", err)
		}
		for _, table := range page.RouteTables {
			routes, err := readRoutes(table)
			if err != nil {
				return found, err
			}
			for _, association := range table.Associations {
				if aws.ToBool(association.Main) {
					found.mainOfVPC[aws.ToString(table.VpcId)] = routes
					continue
				}
				found.bySubnet[aws.ToString(association.SubnetId)] = routes
			}
		}
	}
	return found, nil
}

func readRoutes(table types.RouteTable) ([]Route, error) {
	var routes []Route
	for _, route := range table.Routes {
		target := targetOf(route)
		if route.DestinationCidrBlock == nil {
			// A prefix list (gateway endpoint) or IPv6, which no subnet has.
			routes = append(routes, Route{Target: target})
			continue
		}
		destination, err := netip.ParsePrefix(*route.DestinationCidrBlock)
		if err != nil {
			return nil, fmt.Errorf("route in table %s: %w", aws.ToString(table.RouteTableId), err)
		}
		routes = append(routes, Route{Destination: destination, Target: target})
	}
	return routes, nil
}

func targetOf(route types.Route) Target {
	switch id := aws.ToString(route.GatewayId); {
	case route.State == types.RouteStateBlackhole:
		return ""
	case id == "local":
		return Local
	case route.TransitGatewayId != nil:
		return Transit
	case len(id) > 5 && id[:5] == "vpce-", route.DestinationPrefixListId != nil:
		return Private
	default:
		return Internet
	}
}

func (r reader) acls(ctx context.Context) (map[string]ACL, error) {
	bySubnet := make(map[string]ACL)
	pages := ec2.NewDescribeNetworkAclsPaginator(r.client, &ec2.DescribeNetworkAclsInput{Filters: r.inVPCs})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("describe network ACLs: %w", err)
		}
		for _, list := range page.NetworkAcls {
			acl, err := readACL(list)
			if err != nil {
				return nil, err
			}
			for _, association := range list.Associations {
				bySubnet[aws.ToString(association.SubnetId)] = acl
			}
		}
	}
	return bySubnet, nil
}

// The protocols that carry TCP, as network ACLs number them.
const (
	anyProtocol = "-1"
	tcp         = "6"
)

func readACL(list types.NetworkAcl) (ACL, error) {
	var acl ACL
	entries := slices.SortedFunc(slices.Values(list.Entries), func(a, b types.NetworkAclEntry) int {
		return cmp.Compare(aws.ToInt32(a.RuleNumber), aws.ToInt32(b.RuleNumber))
	})
	for _, entry := range entries {
		protocol := aws.ToString(entry.Protocol)
		if entry.CidrBlock == nil || protocol != anyProtocol && protocol != tcp {
			continue
		}
		network, err := netip.ParsePrefix(*entry.CidrBlock)
		if err != nil {
			return acl, fmt.Errorf("rule %d of network ACL %s: %w", aws.ToInt32(entry.RuleNumber), aws.ToString(list.NetworkAclId), err)
		}
		rule := Rule{Allow: entry.RuleAction == types.RuleActionAllow, Network: network, Last: 65535}
		if protocol == tcp && entry.PortRange != nil {
			rule.First, rule.Last = int(aws.ToInt32(entry.PortRange.From)), int(aws.ToInt32(entry.PortRange.To))
		}
		if aws.ToBool(entry.Egress) {
			acl.Egress = append(acl.Egress, rule)
		} else {
			acl.Ingress = append(acl.Ingress, rule)
		}
	}
	return acl, nil
}

func (r reader) gateway(ctx context.Context, id string) (Gateway, error) {
	var gateway Gateway
	ofGateway := []types.Filter{{Name: aws.String("transit-gateway-id"), Values: []string{id}}}
	found, err := r.client.DescribeTransitGatewayVpcAttachments(ctx, &ec2.DescribeTransitGatewayVpcAttachmentsInput{Filters: ofGateway})
	if err != nil {
		return gateway, fmt.Errorf("describe attachments of %s: %w", id, err)
	}
	tables, err := r.gatewayTables(ctx, ofGateway)
	if err != nil {
		return gateway, err
	}
	for _, a := range found.TransitGatewayVpcAttachments {
		if a.State != types.TransitGatewayAttachmentStateAvailable {
			continue
		}
		attachment := Attachment{ID: aws.ToString(a.TransitGatewayAttachmentId), VPC: aws.ToString(a.VpcId), Subnets: a.SubnetIds}
		attachment.Table = tables[attachment.ID]
		gateway.Attachments = append(gateway.Attachments, attachment)
	}
	return gateway, nil
}

// gatewayTables returns the routes of each attachment's associated table.
func (r reader) gatewayTables(ctx context.Context, ofGateway []types.Filter) (map[string][]GatewayRoute, error) {
	byAttachment := make(map[string][]GatewayRoute)
	tables, err := r.client.DescribeTransitGatewayRouteTables(ctx, &ec2.DescribeTransitGatewayRouteTablesInput{Filters: ofGateway})
	if err != nil {
		return nil, fmt.Errorf("describe gateway route tables: %w", err)
	}
	for _, table := range tables.TransitGatewayRouteTables {
		routes, err := r.gatewayRoutes(ctx, aws.ToString(table.TransitGatewayRouteTableId))
		if err != nil {
			return nil, err
		}
		associations, err := r.client.GetTransitGatewayRouteTableAssociations(ctx, &ec2.GetTransitGatewayRouteTableAssociationsInput{
			TransitGatewayRouteTableId: table.TransitGatewayRouteTableId,
		})
		if err != nil {
			return nil, fmt.Errorf("associations of %s: %w", aws.ToString(table.TransitGatewayRouteTableId), err)
		}
		for _, association := range associations.Associations {
			byAttachment[aws.ToString(association.TransitGatewayAttachmentId)] = routes
		}
	}
	return byAttachment, nil
}

func (r reader) gatewayRoutes(ctx context.Context, table string) ([]GatewayRoute, error) {
	found, err := r.client.SearchTransitGatewayRoutes(ctx, &ec2.SearchTransitGatewayRoutesInput{
		TransitGatewayRouteTableId: aws.String(table),
		Filters:                    []types.Filter{{Name: aws.String("state"), Values: []string{"active", "blackhole"}}},
	})
	if err != nil {
		return nil, fmt.Errorf("routes of %s: %w", table, err)
	}
	if aws.ToBool(found.AdditionalRoutesAvailable) {
		return nil, fmt.Errorf("routes of %s: more than one answer holds; the result would be incomplete", table)
	}
	var routes []GatewayRoute
	for _, route := range found.Routes {
		destination, err := netip.ParsePrefix(aws.ToString(route.DestinationCidrBlock))
		if err != nil {
			return nil, fmt.Errorf("route in %s: %w", table, err)
		}
		read := GatewayRoute{Destination: destination}
		if route.State == types.TransitGatewayRouteStateActive && len(route.TransitGatewayAttachments) > 0 {
			read.Attachment = aws.ToString(route.TransitGatewayAttachments[0].TransitGatewayAttachmentId)
		}
		routes = append(routes, read)
	}
	return routes, nil
}
