//go:build integration

package steering_test

import (
	"testing"

	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

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
