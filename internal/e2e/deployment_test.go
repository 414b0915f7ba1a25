//go:build e2e

// Package e2e deploys the real layers with the real provider against an emulator
// of its own, and looks at the result through the AWS API.
package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/internal/registry"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops"
	"github.com/cutover/cutover/shared/ops/emulator"
	"github.com/cutover/cutover/shared/ops/emulator/emulatortest"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/report"
	"github.com/cutover/cutover/shared/ops/settings"
)

// freeAddress is a port of loopback that nobody uses.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // taken for the moment
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	return listener.Addr().String()
}

// site is a checkout of its own: the sources of this one, state and emulator
// apart from it.
type site struct {
	root     string
	address  string
	emulator *emulator.Emulator
	out      *bytes.Buffer
}

func newSite(t *testing.T) *site {
	t.Helper()
	// The state is written at the end of each operation, not twice for each resource: that took
	// a third of the processors' time. What it is good for, a Pulumi that is killed, is the matter
	// of the tests of the engine.
	t.Setenv("PULUMI_SKIP_CHECKPOINTS", "true")
	sources, err := filepath.Abs("../..")
	require.NoError(t, err)
	root := t.TempDir()
	for _, folder := range []string{"projects", "shared", "tools"} {
		require.NoError(t, os.Symlink(filepath.Join(sources, folder), filepath.Join(root, folder)))
	}
	s := &site{root: root, address: freeAddress(t), out: &bytes.Buffer{}}
	options := s.options(emulator.Options{RepoRoot: root})
	emulatortest.Watch(t, options)
	s.emulator = emulator.New(options)
	t.Cleanup(func() {
		if t.Failed() {
			s.tellErrors(t)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		assert.NoError(t, s.emulator.Down(ctx))
	})
	return s
}

func (s *site) options(o emulator.Options) emulator.Options {
	o.Addr = s.address
	o.StateDir = filepath.Join(s.root, ".cutover", "emulator")
	return o
}

// tellErrors shows what the layers' logs say about errors: they go with the test.
func (s *site) tellErrors(t *testing.T) {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(s.root, ".cutover", "runs", "*", "*.log"))
	assert.NoError(t, err)
	for _, log := range logs {
		text, err := os.ReadFile(log)
		assert.NoError(t, err)
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, "error") {
				t.Logf("%s: %s", filepath.Base(log), strings.TrimSpace(line))
			}
		}
	}
}

// app is the runner as a target of mage makes it, without a terminal.
func (s *site) app(t *testing.T, flags ...settings.Flag) *ops.App {
	t.Helper()
	ports := ops.DefaultPorts()
	ports.Out, ports.Err, ports.In = s.out, s.out, &bytes.Buffer{}
	ports.Terminal, ports.Signals = false, false
	ports.Emulator = func(o emulator.Options) ops.Emulator { return emulator.New(s.options(o)) }
	app, err := ops.NewWith(ops.Config{
		Root: s.root, Layers: registry.Layers(s.root), Environments: config.Names(), Load: registry.LoadEnvironment, Flags: flags,
	}, ports)
	require.NoError(t, err)
	return app
}

// changes reads the last report: what changed in all layers, and how many those were.
func (s *site) changes(t *testing.T) (total engine.Changes, layers int) {
	t.Helper()
	reports, err := filepath.Glob(filepath.Join(s.root, ".cutover", "runs", "*", "report.json"))
	require.NoError(t, err)
	require.NotEmpty(t, reports)
	content, err := os.ReadFile(reports[len(reports)-1])
	require.NoError(t, err)
	var last report.Report
	require.NoError(t, json.Unmarshal(content, &last), string(content))
	for _, layer := range last.Layers {
		total = total.Add(layer.Changes)
	}
	return total, len(last.Layers)
}

// aws speaks to the site's emulator.
func (s *site) aws() aws.Config {
	env := s.emulator.Env()
	return aws.Config{
		Region: env["AWS_REGION"], BaseEndpoint: aws.String("http://" + s.address),
		Credentials: credentials.NewStaticCredentialsProvider(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], ""),
		HTTPClient:  emulator.HTTPClient(),
	}
}

func TestSevenLayersComeUpStayUnchangedAndGoWithoutATrace(t *testing.T) {
	ctx := context.Background()
	s := newSite(t)
	require.NoError(t, s.app(t).PreviewAll(ctx), s.out)
	require.NoError(t, s.app(t).DeployAll(ctx), s.out)
	changed, layers := s.changes(t)
	assert.Greater(t, changed.Create, 300)
	assert.Equal(t, 7, layers)

	require.NoError(t, s.app(t).DeployAll(ctx), s.out)
	changed, _ = s.changes(t)
	assert.False(t, changed.Any(), "the second deployment changes nothing:\n%s", s.out)

	require.NoError(t, s.app(t).VerifyAll(ctx), s.out)
	s.showsConnections(ctx, t)
	s.deploymentThatNeverBecomesHealthy(ctx, t)
	s.verifySeesAnOpenDatabaseTier(ctx, t)
	s.verifySees(t, contract.Data, spoiledStores())
	s.verifySees(t, contract.Security, spoiledWatch())
	s.routesRequests(ctx, t)
	s.filtersRequests(ctx, t)
	s.verifySees(t, contract.Edge, spoiledEdge())
	s.verifySees(t, contract.Observability, spoiledAlarms())

	require.NoError(t, s.app(t).DestroyAll(ctx), s.out)
	left, err := s.emulator.Inventory(ctx)
	require.NoError(t, err)
	delete(left, "kms: pending deletion") // AWS keeps keys for their waiting time
	delete(left, "ecs: task definition")  // revisions stay, so that a service can go back to them
	assert.Empty(t, left, "what the AWS API still shows")
}

// verifySeesAnOpenDatabaseTier opens a way to the internet behind Pulumi's back.
func (s *site) verifySeesAnOpenDatabaseTier(ctx context.Context, t *testing.T) {
	t.Helper()
	client := ec2.NewFromConfig(s.aws())
	tables, err := client.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: []types.Filter{
		{Name: aws.String("tag:Name"), Values: []string{"cutover-local-blue-database"}},
	}})
	require.NoError(t, err)
	require.Len(t, tables.RouteTables, 1)
	gateways, err := client.DescribeInternetGateways(ctx, &ec2.DescribeInternetGatewaysInput{Filters: []types.Filter{
		{Name: aws.String("tag:Name"), Values: []string{"cutover-local-blue-internet"}},
	}})
	require.NoError(t, err)
	require.Len(t, gateways.InternetGateways, 1)
	_, err = client.CreateRoute(ctx, &ec2.CreateRouteInput{
		RouteTableId: tables.RouteTables[0].RouteTableId, DestinationCidrBlock: aws.String("0.0.0.0/0"),
		GatewayId: gateways.InternetGateways[0].InternetGatewayId,
	})
	require.NoError(t, err)

	err = s.app(t).VerifyAll(ctx)
	assert.Equal(t, fault.Verification, fault.CodeOf(err), err)
	assert.Contains(t, s.out.String(), "has a route to the internet")

	_, err = client.DeleteRoute(ctx, &ec2.DeleteRouteInput{
		RouteTableId: tables.RouteTables[0].RouteTableId, DestinationCidrBlock: aws.String("0.0.0.0/0"),
	})
	require.NoError(t, err)
}
