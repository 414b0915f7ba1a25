//go:build integration

package steering_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/steering"
	"github.com/cutover/cutover/shared/ops/steering/steeringtest"
	"github.com/cutover/cutover/shared/traffic"
)

// What tests use in memory and what AWS has keep the same promises.
func TestAdaptersKeepTheirPromises(t *testing.T) {
	cloud := steeringtest.StartEmulator(t)
	t.Run("table", func(t *testing.T) { steeringtest.TableConforms(t, steeringtest.MakeTable(t, cloud, "control")) })
	t.Run("vault", func(t *testing.T) { steeringtest.VaultConforms(t, steeringtest.MakeVault(t, cloud, "states")) })
	t.Run("dns", func(t *testing.T) {
		place := steeringtest.MakeZone(t, cloud, traffic.At(25))
		steeringtest.DNSConforms(t, steeringtest.DNSWorld{
			DNS: steering.NewRoute53(cloud), Domain: steeringtest.Domain, Place: place,
			Weigh: func(color naming.Color, weight int) { steeringtest.WriteRecord(t, cloud, place, color, weight) },
			Remove: func(color naming.Color) {
				steeringtest.DeleteRecord(t, cloud, place, color, 0)
			},
		})
	})
	t.Run("gauge", func(t *testing.T) {
		samples, err := steering.Samples("local", traffic.At(25), []traffic.Answer{{Gate: "targets", Reading: traffic.Reading{Verdict: traffic.Fail}}})
		require.NoError(t, err)
		require.NoError(t, steering.NewCloudWatch(cloud).Put(t.Context(), time.Now(), samples...))
		for _, sample := range samples {
			dimensions := []cwtypes.Dimension{{Name: aws.String("Platform"), Value: aws.String("local")}}
			if sample.Series.Metric.Name == "GateResult" {
				dimensions = append(dimensions, cwtypes.Dimension{Name: aws.String("Gate"), Value: aws.String("targets")})
			}
			found, err := cloudwatch.NewFromConfig(cloud).GetMetricStatistics(t.Context(), &cloudwatch.GetMetricStatisticsInput{
				Namespace: aws.String("Cutover/Sync"), MetricName: aws.String(sample.Series.Metric.Name), Dimensions: dimensions,
				StartTime: aws.Time(time.Now().Add(-time.Hour)), EndTime: aws.Time(time.Now().Add(time.Hour)), Period: aws.Int32(60),
				Statistics: []cwtypes.Statistic{cwtypes.StatisticMaximum},
			})
			require.NoError(t, err)
			require.Len(t, found.Datapoints, 1, sample.Series.Metric.Name)
			assert.InDelta(t, sample.Value, aws.ToFloat64(found.Datapoints[0].Maximum), 0)
		}
	})
	t.Run("eyes", func(t *testing.T) {
		steeringtest.MakeAlarm(t, cloud, "quiet", cwtypes.StateValueOk)
		steeringtest.MakeAlarm(t, cloud, "raised", cwtypes.StateValueAlarm)
		steeringtest.MakeAlarm(t, cloud, "unknown", cwtypes.StateValueInsufficientData)
		steeringtest.EyesConform(t, steeringtest.EyesWorld{
			Eyes: steering.NewCloud(cloud), Two: steeringtest.MakeGroup(t, cloud, "two", "172.31.0.10", "172.31.0.11"),
			Empty: steeringtest.MakeGroup(t, cloud, "empty"), OK: "quiet", Alarm: "raised", Insufficient: "unknown",
		})
	})
}
