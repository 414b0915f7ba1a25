package data

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/verify"
)

func ofZone(name string, kind types.RRType, target string) types.ResourceRecordSet {
	return types.ResourceRecordSet{Name: aws.String(name + "."), Type: kind, TTL: aws.Int64(nameSeconds),
		ResourceRecords: []types.ResourceRecord{{Value: aws.String(target)}}}
}

func TestNamesAreComparedWithWhatRDSTells(t *testing.T) {
	const writer = "writer.blue.local.cutover.internal"
	cases := map[string]struct {
		spoil func([]types.ResourceRecordSet) []types.ResourceRecordSet
		seen  string
	}{
		"as made": {func(r []types.ResourceRecordSet) []types.ResourceRecordSet { return r }, ""},
		"another cluster": {func(r []types.ResourceRecordSet) []types.ResourceRecordSet {
			r[2].ResourceRecords[0].Value = aws.String("green.rds.example")
			return r
		}, "name " + writer + ": leads to [green.rds.example], expected blue.rds.example as RDS tells it"},
		"kept for long": {func(r []types.ResourceRecordSet) []types.ResourceRecordSet {
			r[2].TTL = aws.Int64(300)
			return r
		}, "seconds to keep an answer is 300, expected 5"},
		"weighted": {func(r []types.ResourceRecordSet) []types.ResourceRecordSet {
			r[2].SetIdentifier = aws.String("primary")
			return r
		}, "is one of several answers"},
		"gone":         {func(r []types.ResourceRecordSet) []types.ResourceRecordSet { return r[:2] }, "has no name " + writer},
		"another type": {func(r []types.ResourceRecordSet) []types.ResourceRecordSet { r[2].Type = types.RRTypeA; return r }, "holds " + writer + " of type A"},
		"one more": {func(r []types.ResourceRecordSet) []types.ResourceRecordSet {
			return append(r, ofZone("writer.local.cutover.internal", types.RRTypeCname, "blue.rds.example"))
		}, "holds writer.local.cutover.internal of type CNAME, expected the names of the databases alone"},
		"delegated": {func(r []types.ResourceRecordSet) []types.ResourceRecordSet {
			return append(r, ofZone("blue.local.cutover.internal", types.RRTypeNs, "ns.example"))
		}, "holds blue.local.cutover.internal of type NS"},
	}
	v := &verifier{cfg: Config{PrivateDomain: "local.cutover.internal"}}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := v.judgeNames(c.spoil([]types.ResourceRecordSet{
				ofZone("local.cutover.internal", types.RRTypeNs, "ns-1.example."), ofZone("local.cutover.internal", types.RRTypeSoa, "x"),
				ofZone(writer, types.RRTypeCname, "Blue.rds.example."),
			}), map[string]string{writer: "blue.rds.example"})
			if c.seen == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.seen)
		})
	}
}

func TestPrivateZoneResolvesWhereTheDatabasesStand(t *testing.T) {
	answer := func(private bool, networks ...string) *route53.GetHostedZoneOutput {
		zone := &route53.GetHostedZoneOutput{HostedZone: &types.HostedZone{Name: aws.String("local.cutover.internal."), Config: &types.HostedZoneConfig{PrivateZone: private}}}
		for _, network := range networks {
			zone.VPCs = append(zone.VPCs, types.VPC{VPCId: aws.String(network), VPCRegion: types.VPCRegionUsEast1})
		}
		return zone
	}
	elsewhere := answer(true, "vpc-a", "vpc-b")
	elsewhere.VPCs[0].VPCRegion = types.VPCRegionEuWest1
	renamed := answer(true, "vpc-a", "vpc-b")
	renamed.HostedZone.Name = aws.String("other.internal.")
	v := &verifier{cfg: Config{PrivateDomain: "local.cutover.internal"}}
	for want, zone := range map[string]*route53.GetHostedZoneOutput{
		"":                  answer(true, "vpc-b", "vpc-a"),
		"zone z: is public": answer(false, "vpc-a", "vpc-b"),
		"resolves in the networks [vpc-a], expected those of both databases, [vpc-a vpc-b]": answer(true, "vpc-a"),
		"[vpc-a vpc-b vpc-c]":          answer(true, "vpc-a", "vpc-b", "vpc-c"),
		"region of vpc-a is eu-west-1": elsewhere,
		"name is other.internal":       renamed,
	} {
		f := verify.About("zone z")
		v.judgeZone(f, zone, map[string]bool{"vpc-a": true, "vpc-b": true})
		if want == "" {
			require.NoError(t, f.Err())
			continue
		}
		require.ErrorContains(t, f.Err(), want)
	}
}
