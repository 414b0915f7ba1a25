package steering_test

import (
	"testing"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/steering"
	"github.com/cutover/cutover/shared/ops/steering/steeringtest"
	"github.com/cutover/cutover/shared/traffic"
)

func TestMemoryKeepsThePromiseOfATable(t *testing.T) {
	steeringtest.TableConforms(t, &steering.Memory{})
}

func TestAFolderKeepsThePromiseOfAVault(t *testing.T) {
	steeringtest.VaultConforms(t, &steering.Folder{Path: t.TempDir() + "/edge"})
}

func TestRoute53InMemoryKeepsThePromiseOfADNS(t *testing.T) {
	dns := steeringtest.NewDNS(traffic.At(25))
	side := func(color naming.Color, edit func(*steering.Side)) {
		dns.Edit(func(r *steering.Reality) {
			if color == naming.Blue {
				edit(&r.Blue)
			} else {
				edit(&r.Green)
			}
		})
	}
	steeringtest.DNSConforms(t, steeringtest.DNSWorld{
		DNS: dns, Domain: steeringtest.MemoryDomain, Place: steeringtest.Place(),
		Weigh: func(color naming.Color, weight int) { side(color, func(s *steering.Side) { s.Weight = weight }) },
		Remove: func(color naming.Color) {
			side(color, func(s *steering.Side) { *s = steering.Side{HealthCheck: s.HealthCheck, Shut: s.Shut} })
		},
	})
}

func TestEyesInMemoryKeepThePromiseOfEyes(t *testing.T) {
	steeringtest.EyesConform(t, steeringtest.EyesWorld{
		Eyes: &steeringtest.Eyes{
			Health: map[string]steering.Health{"two": {Healthy: 2}, "empty": {}},
			States: map[string]string{"raised": "ALARM", "unknown": "INSUFFICIENT_DATA", "nowhere": ""},
		},
		Two: "two", Empty: "empty", OK: "quiet", Alarm: "raised", Insufficient: "unknown",
	})
}
