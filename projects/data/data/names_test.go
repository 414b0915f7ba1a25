package data_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	zoneType   = "aws:route53/zone:Zone"
	recordType = "aws:route53/record:Record"
)

func TestOneZoneResolvesInBothNetworks(t *testing.T) {
	for _, stack := range stacks {
		recording := run(t, stack)
		require.Len(t, recording.OfType(zoneType), 1)
		zone := recording.Find(t, zoneType, "private-zone")
		assert.Equal(t, stack+".cutover.internal", zone.Inputs["name"])
		assert.Equal(t, []any{
			map[string]any{"vpcId": "foundation/blueVpcId", "vpcRegion": "us-east-1"}, map[string]any{"vpcId": "foundation/greenVpcId", "vpcRegion": "us-east-1"},
		}, zone.Inputs["vpcs"], "a zone without networks is public")
		assert.Equal(t, stack != "local", zone.Protect)
		assert.Equal(t, stack == "local", zone.Inputs["forceDestroy"])
	}
}

// A name that led to the other colour, or to either by somebody's choice, would be
// believed when it counts.
func TestEachColorNamesItsOwnEndpoints(t *testing.T) {
	recording := run(t, "prod")
	require.Len(t, recording.OfType(recordType), 4)
	for name, want := range map[string]string{
		"blue-writer": "blue-database.mock.example", "green-writer": "green-database.mock.example",
		"blue-reader": "blue-database.ro.mock.example", "green-reader": "green-database.ro.mock.example",
	} {
		record := recording.Find(t, recordType, name).Inputs
		assert.Equal(t, []any{want}, record["records"], name)
		assert.Equal(t, "CNAME", record["type"], name)
		assert.EqualValues(t, 5, record["ttl"], name)
		for _, choice := range []string{"setIdentifier", "weightedRoutingPolicies", "failoverRoutingPolicies", "healthCheckId", "allowOverwrite"} {
			assert.NotContains(t, record, choice, name)
		}
	}
	assert.Equal(t, "writer.green.prod.cutover.internal", recording.Find(t, recordType, "green-writer").Inputs["name"])
	for key, want := range map[string]string{
		"blueWriterName": "writer.blue.prod.cutover.internal", "blueReaderName": "reader.blue.prod.cutover.internal",
		"greenWriterName": "writer.green.prod.cutover.internal", "greenReaderName": "reader.green.prod.cutover.internal",
	} {
		assert.Equal(t, want, recording.Exports[key])
	}
	assert.NotEmpty(t, recording.Exports["privateZoneId"])
}

// Programs verify who answers, and the certificate of a cluster has the cluster's
// own names only: no program is told of others.
func TestNoSettingLeadsAProgramToAName(t *testing.T) {
	for _, parameter := range run(t, "prod").OfType(parameterType) {
		assert.NotContains(t, parameter.Inputs["value"], ".internal", parameter.Name)
	}
}
