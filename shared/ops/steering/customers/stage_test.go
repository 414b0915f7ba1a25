//go:build integration || soak

package customers

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops"
	"github.com/cutover/cutover/shared/ops/emulator"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/engine/enginetest"
	"github.com/cutover/cutover/shared/ops/settings"
	"github.com/cutover/cutover/shared/ops/steering"
	"github.com/cutover/cutover/shared/ops/steering/steeringtest"
	"github.com/cutover/cutover/shared/ops/toolchain"
	"github.com/cutover/cutover/shared/traffic"
)

// stage is an environment in an emulator, with servers behind both colours and a
// clock that stands until it is moved.
type stage struct {
	root     string
	cloud    aws.Config
	table    *steering.Dynamo
	ns       *steeringtest.Nameserver
	backends *steeringtest.Backends
	clock    atomic.Int64 // nanoseconds
	random   *rand.Rand
	out      bytes.Buffer
}

func newStage(t *testing.T) *stage {
	t.Helper()
	names := naming.New("local")
	s := &stage{root: t.TempDir(), cloud: steeringtest.StartEmulator(t), random: rand.New(rand.NewPCG(7, 19))}
	s.clock.Store(time.Now().UnixNano())
	place := steeringtest.MakeZone(t, s.cloud, traffic.All(naming.Blue))
	place.Blue.TargetGroups = map[string]string{"payment-api": steeringtest.MakeGroup(t, s.cloud, "blue", "172.31.0.10")}
	place.Green.TargetGroups = map[string]string{"payment-api": steeringtest.MakeGroup(t, s.cloud, "green", "172.31.0.11")}
	for _, alarm := range []string{names.CustomerImpactAlarm(), names.MigrationUnsafeAlarm()} {
		steeringtest.MakeAlarm(t, s.cloud, alarm, cwtypes.StateValueOk)
	}
	s.table = steeringtest.MakeTable(t, s.cloud, names.Name(naming.Table, "control"))
	text, err := json.Marshal(place)
	require.NoError(t, err)
	vault := &steering.Folder{Path: filepath.Join(s.root, ".cutover", "state", steering.VaultRoot, "local", "edge")}
	require.NoError(t, vault.Write(t.Context(), "place.json", text))
	s.backends = steeringtest.StartBackends(t, place)
	s.ns = &steeringtest.Nameserver{Client: route53.NewFromConfig(s.cloud), ZoneID: place.ZoneID, Name: place.PublicName, Probe: s.backends.Probe}
	s.propagate(t)
	return s
}

func (s *stage) now() time.Time { return time.Unix(0, s.clock.Load()).UTC() }

func (s *stage) wait(d time.Duration) { s.clock.Add(int64(d)) }

// propagate has the nameserver answer what the API has.
func (s *stage) propagate(t *testing.T) {
	t.Helper()
	require.NoError(t, s.ns.Refresh(t.Context()))
}

// give writes the token of authority.
func (s *stage) give(t *testing.T, rev int64, holder naming.Color) {
	t.Helper()
	token := control.Token{Epoch: rev, Holder: holder, Phase: control.PhaseOpen}
	require.NoError(t, s.table.Put(t.Context(), steering.Item{Key: control.AuthorityItem, Rev: rev, Fields: token.Fields()}))
}

// resolver is a customer's.
func (s *stage) resolver(random func(int) int) *steeringtest.Resolver {
	return &steeringtest.Resolver{From: s.ns, Random: random, Now: s.now}
}

// app is the runner of the targets, with AWS in the emulator and no stack of Pulumi.
func (s *stage) app(t *testing.T, flags ...string) *ops.App {
	t.Helper()
	ports := ops.DefaultPorts()
	ports.In, ports.Out, ports.Err, ports.Terminal, ports.Signals = &bytes.Buffer{}, &s.out, &s.out, false, false
	ports.Now = s.now
	ports.Commit = func(context.Context, string) (string, bool) { return "", false }
	ports.Toolchain = func(context.Context, toolchain.Options) (toolchain.Toolchain, error) {
		return toolchain.Toolchain{}, nil
	}
	fake := enginetest.NewFake()
	ports.Engine = func(engine.Options) (engine.Engine, error) { return fake, nil }
	ports.Emulator = func(emulator.Options) ops.Emulator { return elsewhere{} }
	config := ops.Config{
		Root: s.root, Environments: []string{"local"},
		Load: func(_, name string) (ops.Environment, error) {
			return ops.Environment{Name: name, AccountID: "123456789012", Region: emulator.Region, Backend: "file://.cutover/state", Local: true}, nil
		},
	}
	_, config.Flags = settings.Split(append([]string{"mage", "target"}, flags...))
	for _, name := range contract.Layers() {
		layer := ops.Layer{Name: name, Dir: filepath.Join(s.root, string(name))}
		if name == contract.Edge {
			layer.Traffic = &ops.Steered{
				Site: func(string) (steering.Site, error) {
					return steering.Site{Domain: steeringtest.Domain, PublicName: steeringtest.PublicName}, nil
				},
				Program: func(*traffic.Split) pulumi.RunFunc { return nil },
				Carries: func(string, string) bool { return false },
			}
		}
		config.Layers = append(config.Layers, layer)
	}
	app, err := ops.NewWith(config, ports)
	require.NoError(t, err)
	return app
}

// elsewhere is an emulator that the variables of this process lead to already.
type elsewhere struct{ ops.Emulator }

func (elsewhere) Env() map[string]string { return nil }
