package data

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/verify"
)

// checkZone expects the private zone in the networks that the databases stand in, and
// in it the names of their endpoints as RDS tells them now, and no other name.
func (v *verifier) checkZone(ctx context.Context) error {
	f := verify.About("private zone %s", v.cfg.PrivateDomain)
	id, _ := v.outputs["privateZoneId"].(string)
	zone, err := v.dns.GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: aws.String(id)})
	if err != nil {
		return f.Failed(err)
	}
	networks, endpoints := map[string]bool{}, map[string]string{}
	for _, color := range naming.Colors() {
		f.Include(v.in(color).whereabouts(ctx, networks, endpoints))
	}
	if f.Err() != nil {
		return f.Err()
	}
	v.judgeZone(f, zone, networks)
	records, err := v.dns.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String(id)})
	if err != nil {
		return f.Failed(err)
	}
	f.Expect(!records.IsTruncated, "holds more than %d records, expected the names of the databases alone", len(records.ResourceRecordSets))
	f.Include(v.judgeNames(records.ResourceRecordSets, endpoints))
	return f.Err()
}

// whereabouts adds the network that the colour's cluster stands in, and its endpoints
// by the names that they should have.
func (c *colorVerifier) whereabouts(ctx context.Context, networks map[string]bool, endpoints map[string]string) error {
	f := verify.About("cluster %s", c.clusterID())
	groups, err := c.rds.DescribeDBSubnetGroups(ctx, &rds.DescribeDBSubnetGroupsInput{DBSubnetGroupName: aws.String(c.names.Name(naming.Generic, "database"))})
	if err != nil {
		return f.Failed(err)
	}
	clusters, err := c.rds.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String(c.clusterID())})
	if err != nil {
		return f.Failed(err)
	}
	if len(groups.DBSubnetGroups) != 1 || len(clusters.DBClusters) != 1 {
		return f.Failed(errors.New("does not exist, or its subnet group does not"))
	}
	networks[aws.ToString(groups.DBSubnetGroups[0].VpcId)] = true
	endpoints[c.cfg.endpointName(writerLabel, c.color)] = aws.ToString(clusters.DBClusters[0].Endpoint)
	endpoints[c.cfg.endpointName(readerLabel, c.color)] = aws.ToString(clusters.DBClusters[0].ReaderEndpoint)
	return nil
}

func (v *verifier) judgeZone(f *verify.Findings, zone *route53.GetHostedZoneOutput, networks map[string]bool) {
	f.Equal("name", dotless(zone.HostedZone.Name), v.cfg.PrivateDomain)
	f.Expect(zone.HostedZone.Config != nil && zone.HostedZone.Config.PrivateZone, "is public, expected a private one")
	var found []string
	for _, network := range zone.VPCs {
		f.Equal("region of "+aws.ToString(network.VPCId), string(network.VPCRegion), config.Region)
		found = append(found, aws.ToString(network.VPCId))
	}
	slices.Sort(found)
	want := slices.Sorted(maps.Keys(networks))
	f.Expect(slices.Equal(found, want), "resolves in the networks %v, expected those of both databases, %v", found, want)
}

// judgeNames compares the records of the zone with the endpoints by name.
func (v *verifier) judgeNames(records []types.ResourceRecordSet, endpoints map[string]string) error {
	f := verify.About("private zone %s", v.cfg.PrivateDomain)
	seen := map[string]bool{}
	for _, record := range records {
		name := dotless(record.Name)
		if name == v.cfg.PrivateDomain && (record.Type == types.RRTypeSoa || record.Type == types.RRTypeNs) {
			continue
		}
		endpoint, known := endpoints[name]
		if !known || record.Type != types.RRTypeCname {
			f.Expect(false, "holds %s of type %s, expected the names of the databases alone", name, record.Type)
			continue
		}
		seen[name] = true
		f.Include(judgeName(name, record, endpoint))
	}
	for _, name := range slices.Sorted(maps.Keys(endpoints)) {
		f.Expect(seen[name], "has no name %s, expected one that leads to %s", name, endpoints[name])
	}
	return f.Err()
}

func judgeName(name string, record types.ResourceRecordSet, endpoint string) error {
	f := verify.About("name %s", name)
	f.Expect(record.SetIdentifier == nil, "is one of several answers, expected the only one: no choice of Route 53 decides which database it is")
	f.Equal("seconds to keep an answer", aws.ToInt64(record.TTL), int64(nameSeconds))
	var targets []string
	for _, target := range record.ResourceRecords {
		targets = append(targets, dotless(target.Value))
	}
	f.Expect(slices.Equal(targets, []string{strings.ToLower(endpoint)}), "leads to %v, expected %s as RDS tells it", targets, endpoint)
	return f.Err()
}

// dotless is a name without the dot that ends it in some answers of Route 53.
func dotless(name *string) string {
	return strings.TrimSuffix(strings.ToLower(aws.ToString(name)), ".")
}
