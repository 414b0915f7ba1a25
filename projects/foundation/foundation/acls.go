package foundation

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/config"
)

// The ports of connections' far ends. Balancers use the whole unprivileged range
// (Amazon VPC user guide, "Custom network ACLs: ephemeral ports").
const (
	ephemeralFirst = 1024
	ephemeralLast  = 65535
)

// rule is one line of a network ACL. Order is the order of evaluation.
type rule struct {
	deny        bool
	network     string
	first, last int
}

const anywhere = "0.0.0.0/0"

func allow(network config.CIDR, first, last int) rule {
	return rule{network: network.String(), first: first, last: last}
}

func denyAll(network config.CIDR) rule {
	return rule{deny: true, network: network.String()}
}

// acl is one tier's list of rules in both directions.
type acl struct{ ingress, egress []rule }

// acls states what may cross the border of each tier. Network ACLs keep no
// state, so each direction of a connection stands here. Between the colours
// only private to database passes, and back, while the sync window is open.
func acls(args *NetworkArgs) map[Tier]acl {
	own, peer := args.Plan, args.Peer
	lists := map[Tier]acl{
		Public: {
			ingress: []rule{
				denyAll(peer.VPC),
				{network: anywhere, first: https, last: https},
				// The balancer begins connections to its own network's tasks only.
				allow(own.VPC, ephemeralFirst, ephemeralLast),
			},
			egress: []rule{denyAll(peer.VPC), {network: anywhere, first: ephemeralFirst, last: ephemeralLast}},
		},
		Private: {
			ingress: []rule{
				denyAll(peer.VPC),
				allow(own.VPC, https, https),
				// Answers of S3 and DynamoDB come from their public addresses.
				{network: anywhere, first: ephemeralFirst, last: ephemeralLast},
			},
			egress: []rule{
				denyAll(peer.VPC),
				{network: anywhere, first: https, last: https},
				allow(own.VPC, ephemeralFirst, ephemeralLast),
			},
		},
		Database: {
			ingress: []rule{allow(own.Tier(Private), catalog.DatabasePort, catalog.DatabasePort)},
			egress:  []rule{allow(own.Tier(Private), ephemeralFirst, ephemeralLast)},
		},
		Attachment: {},
	}
	if args.SyncWindow {
		openSyncWindow(lists, own, peer)
	}
	return lists
}

// openSyncWindow lets the private tier of each colour talk to the database port
// of the other. The attachment's rules see traffic between its interfaces and
// the other subnets of the same VPC only (Amazon VPC Transit Gateways guide,
// "Network ACLs": ingress judges what leaves for the gateway, egress what comes
// from it).
func openSyncWindow(lists map[Tier]acl, own, peer Plan) {
	private, database, attachment := lists[Private], lists[Database], lists[Attachment]
	private.egress = append([]rule{allow(peer.Tier(Database), catalog.DatabasePort, catalog.DatabasePort)}, private.egress...)
	private.ingress = append([]rule{allow(peer.Tier(Database), ephemeralFirst, ephemeralLast)}, private.ingress...)
	database.ingress = append(database.ingress, allow(peer.Tier(Private), catalog.DatabasePort, catalog.DatabasePort))
	database.egress = append(database.egress, allow(peer.Tier(Private), ephemeralFirst, ephemeralLast))
	attachment.ingress = []rule{
		allow(own.Tier(Private), catalog.DatabasePort, catalog.DatabasePort),
		allow(own.Tier(Database), ephemeralFirst, ephemeralLast),
	}
	attachment.egress = []rule{
		allow(own.Tier(Database), catalog.DatabasePort, catalog.DatabasePort),
		allow(own.Tier(Private), ephemeralFirst, ephemeralLast),
	}
	lists[Private], lists[Database], lists[Attachment] = private, database, attachment
}

func (n *Network) addAcls(ctx *pulumi.Context, name string, args *NetworkArgs) error {
	lists := acls(args)
	for _, tier := range Tiers() {
		list := ec2.NetworkAclArgs{
			VpcId:     n.VpcID,
			SubnetIds: n.SubnetIDs[tier],
			Tags:      nameTag(args.Names, string(tier)),
		}
		var ingress ec2.NetworkAclIngressArray
		for i, r := range lists[tier].ingress {
			ingress = append(ingress, ec2.NetworkAclIngressArgs{
				RuleNo: number(i), Action: r.action(), Protocol: r.protocol(),
				CidrBlock: pulumi.String(r.network), FromPort: pulumi.Int(r.first), ToPort: pulumi.Int(r.last),
			})
		}
		var egress ec2.NetworkAclEgressArray
		for i, r := range lists[tier].egress {
			egress = append(egress, ec2.NetworkAclEgressArgs{
				RuleNo: number(i), Action: r.action(), Protocol: r.protocol(),
				CidrBlock: pulumi.String(r.network), FromPort: pulumi.Int(r.first), ToPort: pulumi.Int(r.last),
			})
		}
		list.Ingress, list.Egress = ingress, egress
		if _, err := ec2.NewNetworkAcl(ctx, fmt.Sprintf("%s-%s-acl", name, tier), &list, pulumi.Parent(n)); err != nil {
			return fmt.Errorf("network ACL of the %s tier: %w", tier, err)
		}
	}
	return nil
}

// number leaves room between rules for an operator in an emergency.
func number(i int) pulumi.Int { return pulumi.Int((i + 1) * 100) }

func (r rule) action() pulumi.String {
	if r.deny {
		return pulumi.String("deny")
	}
	return pulumi.String("allow")
}

// protocol is tcp (6) for allowed ports and every protocol for a denial.
func (r rule) protocol() pulumi.String {
	if r.deny {
		return pulumi.String("-1")
	}
	return pulumi.String("6")
}
