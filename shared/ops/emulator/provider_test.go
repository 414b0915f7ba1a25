//go:build provider

package emulator

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/ops/toolchain"
)

// The tests in provider_*_test.go deploy small programs to the emulator through
// the real AWS provider: what a gap of the extension is closed for. Resources are
// registered by token with plain maps, so that the Pulumi SDK for AWS, minutes to
// compile, is not needed. They run with `-tags e2e` and need the toolchain.

// plan collects the resources of one program.
type plan struct {
	ctx *pulumi.Context
	err error
}

// made is a resource with those outputs that other resources of a test use.
type made struct {
	pulumi.CustomResourceState
	Arn                        pulumi.StringOutput `pulumi:"arn"`
	Name                       pulumi.StringOutput `pulumi:"name"`
	DNSName                    pulumi.StringOutput `pulumi:"dnsName"`
	ZoneID                     pulumi.StringOutput `pulumi:"zoneId"`
	KeyID                      pulumi.StringOutput `pulumi:"keyId"`
	DefaultNetworkACLID        pulumi.StringOutput `pulumi:"defaultNetworkAclId"`
	DefaultRouteTableID        pulumi.StringOutput `pulumi:"defaultRouteTableId"`
	DefaultSecurityGroup       pulumi.StringOutput `pulumi:"defaultSecurityGroupId"`
	ValidationOptions          pulumi.ArrayOutput  `pulumi:"domainValidationOptions"`
	ClusterIdentifier          pulumi.StringOutput `pulumi:"clusterIdentifier"`
	PrefixListID               pulumi.StringOutput `pulumi:"prefixListId"`
	Version                    pulumi.StringOutput `pulumi:"version"`
	StreamArn                  pulumi.StringOutput `pulumi:"streamArn"`
	CertificateArn             pulumi.StringOutput `pulumi:"certificateArn"`
	Fqdn                       pulumi.StringOutput `pulumi:"fqdn"`
	ResourceID                 pulumi.StringOutput `pulumi:"resourceId"`
	TransitGatewayAttachmentID pulumi.StringOutput `pulumi:"transitGatewayAttachmentId"`
}

// add registers a resource. After a failure it only returns empty ones.
func (p *plan) add(token, name string, args pulumi.Map, opts ...pulumi.ResourceOption) *made {
	r := &made{}
	if p.err != nil {
		return r
	}
	p.err = p.ctx.RegisterResource(token, name, args, r, opts...)
	return r
}

// texts makes a list input.
func texts(values ...pulumi.StringInput) pulumi.Array {
	list := pulumi.Array{}
	for _, v := range values {
		list = append(list, v)
	}
	return list
}

func str(s string) pulumi.String { return pulumi.String(s) }

// document renders a policy or definition.
func document(v any) pulumi.String {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // the tests' own literals
	}
	return pulumi.String(data)
}

func mustToolchain(t *testing.T) toolchain.Toolchain {
	t.Helper()
	tools, err := toolchain.Check(context.Background(), toolchain.Options{RepoRoot: repoRoot(t)})
	if err != nil {
		t.Skipf("the Pulumi CLI and the AWS provider plugin are not in the cache yet (`mage doctor` says how to get them): %v", err)
	}
	return tools
}

// newStack returns a stack with a file backend of its own, at e.
func newStack(t *testing.T, e *Emulator, tools toolchain.Toolchain, program func(*plan)) auto.Stack {
	t.Helper()
	cli, err := auto.NewPulumiCommand(&auto.PulumiCommandOptions{Root: tools.PulumiRoot})
	require.NoError(t, err)
	env := e.Env()
	for name, value := range tools.Env {
		env[name] = value
	}
	env["PULUMI_CONFIG_PASSPHRASE"] = "test"
	backend := "file://" + t.TempDir()
	run := func(ctx *pulumi.Context) error {
		p := &plan{ctx: ctx}
		program(p)
		return p.err
	}
	stack, err := auto.UpsertStackInlineSource(context.Background(), "gap", "gaps", run,
		auto.Pulumi(cli), auto.EnvVars(env), auto.WorkDir(t.TempDir()),
		auto.Project(workspace.Project{
			Name:    tokens.PackageName("gaps"),
			Runtime: workspace.NewProjectRuntimeInfo("go", nil),
			Backend: &workspace.ProjectBackend{URL: backend},
		}))
	require.NoError(t, err)
	require.NoError(t, stack.SetAllConfig(context.Background(), auto.ConfigMap{
		"aws:region":               {Value: Region},
		"aws:maxRetries":           {Value: "1"},
		"aws:skipMetadataApiCheck": {Value: "true"},
		"aws:s3UsePathStyle":       {Value: "true"},
		"aws:defaultTags":          {Value: `{"tags":{"env":"local"}}`},
	}))
	return stack
}

// proveThroughProvider deploys program, proves that a second deployment and a
// refresh find nothing to change, destroys it and proves that nothing is left.
func proveThroughProvider(t *testing.T, program func(*plan)) {
	t.Helper()
	t.Parallel() // most of the time goes into the provider's own waiting
	tools := mustToolchain(t)
	e, _ := newEmulator(t)
	ctx := context.Background()
	require.NoError(t, e.Up(ctx))
	stack := newStack(t, e, tools, program)
	output := testWriter{t}
	step := func(name string, work func() error) {
		t.Helper()
		started := time.Now()
		err := work()
		t.Logf("%s took %s", name, time.Since(started).Round(time.Second))
		assert.NoError(t, err, "%s; the emulator's log ends with:\n%s", name, tail(e.logFile()))
	}
	step("up", func() error {
		_, err := stack.Up(ctx, optup.ProgressStreams(output), optup.SuppressProgress())
		return err
	})
	step("second up", func() error {
		_, err := stack.Up(ctx, optup.ExpectNoChanges(), optup.Diff(), optup.ProgressStreams(output))
		return err
	})
	step("refresh", func() error {
		_, err := stack.Refresh(ctx, optrefresh.ExpectNoChanges(), optrefresh.Diff(), optrefresh.ProgressStreams(output))
		return err
	})
	require.NotEmpty(t, mustInventory(t, e), "the inventory must see what was deployed")
	step("destroy", func() error {
		_, err := stack.Destroy(ctx, optdestroy.ProgressStreams(output), optdestroy.SuppressProgress())
		return err
	})
	require.Empty(t, mustInventory(t, e), "a destroy must leave nothing behind")
}

// mustInventory counts what is there, but for keys that wait for their deletion,
// as every deleted key does for at least a week.
func mustInventory(t *testing.T, e *Emulator) map[string]int {
	t.Helper()
	counts, err := e.Inventory(context.Background())
	require.NoError(t, err)
	delete(counts, "kms: pending deletion")
	return counts
}

// testWriter shows what Pulumi says when the test fails or is verbose.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	if s := strings.TrimRight(string(p), "\n"); s != "" {
		w.t.Log(s)
	}
	return len(p), nil
}
