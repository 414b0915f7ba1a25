package edge

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/pulumitest"
	"github.com/cutover/cutover/shared/traffic"
)

// weights are those of the weighted records, and whether each colour's health
// check is made to fail.
func weights(t *testing.T, program pulumi.RunFunc, environment string) (split traffic.Split, shut map[naming.Color]bool) {
	t.Helper()
	recording := pulumitest.MustRun(t, options(t, environment), program)
	shut = map[naming.Color]bool{}
	for _, color := range naming.Colors() {
		check := recording.Find(t, "aws:route53/healthCheck:HealthCheck", string(color)+"-admission")
		shut[color] = check.Inputs["disabled"] == true && check.Inputs["invertHealthcheck"] == true
	}
	for _, record := range recording.OfType("aws:route53/record:Record") {
		policies, weighted := record.Inputs["weightedRoutingPolicies"].([]any)
		if !weighted {
			continue
		}
		weight := int(policies[0].(map[string]any)["weight"].(float64))
		if record.Inputs["setIdentifier"] == string(naming.Blue) {
			split.Blue = weight
		} else {
			split.Green = weight
		}
	}
	return split, shut
}

func TestTheDecidedSplitTakesThePlaceOfTheConfigured(t *testing.T) {
	for _, split := range []traffic.Split{traffic.At(25), traffic.All(naming.Blue), traffic.All(naming.Green)} {
		found, shut := weights(t, ProgramWith(&split), "local")
		assert.Equal(t, split, found)
		assert.Equal(t, map[naming.Color]bool{naming.Blue: split.Shut(naming.Blue), naming.Green: split.Shut(naming.Green)}, shut)
	}
	found, _ := weights(t, ProgramWith(nil), "local")
	assert.Equal(t, traffic.Split{Blue: 99, Green: 1}, found)
}

func TestAColourWithTrafficCannotBeMadeUnready(t *testing.T) {
	split := traffic.At(25)
	_, err := pulumitest.Run(t, options(t, "prod"), ProgramWith(&split))
	require.ErrorContains(t, err, "edge:green.ready is false: expected true while green has traffic (green 25 %")
	none := traffic.Split{}
	_, err = pulumitest.Run(t, options(t, "prod"), ProgramWith(&none))
	require.ErrorContains(t, err, "weights of both colours are 0")
	blue := traffic.All(naming.Blue)
	_, err = pulumitest.Run(t, options(t, "prod"), ProgramWith(&blue))
	require.NoError(t, err)
}

// Plain Pulumi knows nothing of what was decided: it would undo every shift.
func TestPlainPulumiUpdatesOnlyWithTheSplitThatWasDecided(t *testing.T) {
	_, err := pulumitest.Run(t, options(t, "local"), Alone)
	require.ErrorContains(t, err, `variable EDGE_TRAFFIC is not set`)
	require.ErrorContains(t, err, `eval "$(go tool mage env)"`)

	looking := options(t, "local")
	looking.DryRun = true
	_, err = pulumitest.Run(t, looking, Alone)
	require.NoError(t, err)

	t.Setenv(TrafficVariable, `{"blue":75,"green":25}`)
	found, _ := weights(t, Alone, "local")
	assert.Equal(t, traffic.At(25), found)

	t.Setenv(TrafficVariable, "")
	found, _ = weights(t, Alone, "local")
	assert.Equal(t, traffic.Split{Blue: 99, Green: 1}, found)

	t.Setenv(TrafficVariable, "25")
	_, err = pulumitest.Run(t, options(t, "local"), Alone)
	require.ErrorContains(t, err, `variable EDGE_TRAFFIC: split "25"`)
}

// The runner brings exactly these in line after traffic was moved.
func TestTrafficIsCarriedByTwoRecordsAndTwoHealthChecks(t *testing.T) {
	recording := pulumitest.MustRun(t, options(t, "local"), Program)
	var carriers []string
	for _, kind := range []string{"aws:route53/record:Record", "aws:route53/healthCheck:HealthCheck", "aws:wafv2/webAcl:WebAcl", "aws:lb/loadBalancer:LoadBalancer"} {
		for _, r := range recording.OfType(kind) {
			if CarriesTraffic(kind, r.Name) {
				carriers = append(carriers, r.Name)
			}
		}
	}
	assert.ElementsMatch(t, []string{"blue-public", "green-public", "blue-admission", "green-admission"}, carriers)
}

func TestThePlaceIsReadFromTheOutputs(t *testing.T) {
	recording := pulumitest.MustRun(t, options(t, "local"), Program)
	outputs := map[string]any{}
	for key, value := range recording.Exports {
		outputs[key] = value
	}
	place, err := Place(outputs)
	require.NoError(t, err)
	assert.Equal(t, "pay.local.cutover.example", place.PublicName)
	for _, color := range naming.Colors() {
		e := place.Of(color)
		assert.True(t, e.Ready)
		assert.NotEmpty(t, e.Endpoint)
		assert.NotEmpty(t, e.EndpointZone)
		assert.NotEqual(t, e.HealthCheck, e.Payments)
		assert.Len(t, e.TargetGroups, 3)
	}
	for _, key := range []string{"zoneId", "greenAlbEndpoint", "blueHealthCheckId", "readyColors", "greenTargetGroupArns"} {
		broken := map[string]any{}
		for name, value := range outputs {
			broken[name] = value
		}
		delete(broken, key)
		_, err := Place(broken)
		assert.ErrorContains(t, err, "output "+key)
	}
}

func TestTheSiteIsReadFromTheStackFile(t *testing.T) {
	site, err := ReadSite("../Pulumi.prod.yaml")
	require.NoError(t, err)
	assert.Equal(t, "pay.cutover.example", site.PublicName)
	assert.Equal(t, "cutover.example", site.Domain)
	assert.Empty(t, site.ZoneID)
	assert.Equal(t, traffic.Split{Blue: 100}, site.Split)
}
