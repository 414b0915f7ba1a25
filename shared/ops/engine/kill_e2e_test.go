//go:build e2e

package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/emulator"
	"github.com/cutover/cutover/shared/ops/emulator/emulatortest"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/orphan"
	"github.com/cutover/cutover/shared/ops/toolchain"
	pulumiaws "github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// runnerVariable makes this test program play the runner that is killed.
const runnerVariable = "ENGINE_TEST_RUNNER"

func TestMain(m *testing.M) {
	if spec := os.Getenv(runnerVariable); spec != "" {
		os.Exit(playRunner(spec))
	}
	os.Exit(m.Run())
}

// scene is what the runner that is killed shares with the test.
type scene struct {
	Options engine.Options
	Dir     string
	Log     string
}

func (s scene) engine() (*engine.Pulumi, error) { return engine.NewPulumi(s.Options) }

func (s scene) stack() engine.Stack {
	return engine.Stack{Layer: contract.Foundation, Env: "local", Dir: s.Dir, Program: network, Log: s.Log}
}

// network is a program whose one resource takes ten seconds: the provider waits
// that long before it looks at a new VPC's attributes for the first time.
func network(ctx *pulumi.Context) error {
	p, err := pulumiaws.NewProvider(ctx, "aws", &pulumiaws.ProviderArgs{Region: pulumi.String("us-east-1"), MaxRetries: pulumi.Int(1)})
	if err != nil {
		return err
	}
	vpc, err := ec2.NewVpc(ctx, "vpc", &ec2.VpcArgs{
		CidrBlock: pulumi.String("10.0.0.0/16"), EnableDnsHostnames: pulumi.Bool(true),
		Tags: pulumi.StringMap{"Name": pulumi.String("engine-test")},
	}, pulumi.Provider(p))
	if err != nil {
		return err
	}
	ctx.Export("vpc", vpc.ID())
	return nil
}

func playRunner(path string) int {
	text, err := os.ReadFile(path)
	if err != nil {
		return 2
	}
	var s scene
	if err := json.Unmarshal(text, &s); err != nil {
		return 2
	}
	e, err := s.engine()
	if err != nil {
		return 2
	}
	if _, err := e.Up(context.Background(), engine.Request{Stack: s.stack()}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func newScene(t *testing.T) (scene, *orphan.Finder, *awsec2.Client) {
	t.Helper()
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)
	tools, err := toolchain.Ensure(t.Context(), toolchain.Options{RepoRoot: root, Progress: os.Stderr})
	require.NoError(t, err)
	amazon, _ := emulatortest.Start(t, root)
	env := amazon.Env()
	env["PULUMI_CONFIG_PASSPHRASE"] = "test"
	for name, value := range tools.Env {
		env[name] = value
	}
	for name, value := range amazon.Env() {
		t.Setenv(name, value)
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Pulumi.yaml"), []byte("name: foundation\nruntime: go\n"), 0o600))
	c, err := awsconfig.LoadDefaultConfig(t.Context())
	require.NoError(t, err)
	c.HTTPClient = emulator.HTTPClient()
	return scene{Dir: dir, Log: filepath.Join(dir, "up.log"), Options: engine.Options{
		Root: tools.PulumiRoot, Version: tools.PulumiVersion, Home: tools.PulumiHome,
		Backend: "file://" + t.TempDir(), Env: env, Scratch: t.TempDir(),
	}}, orphan.New(c), awsec2.NewFromConfig(c)
}

// killedWhileCreating starts a runner in a process of its own and kills it with
// SIGKILL when AWS has the VPC and the state has not. It returns the lock that
// the engine's process holds.
func killedWhileCreating(t *testing.T, s scene, e *engine.Pulumi, api *awsec2.Client) engine.Lock {
	t.Helper()
	text, err := json.Marshal(s)
	require.NoError(t, err)
	spec := filepath.Join(t.TempDir(), "scene.json")
	require.NoError(t, os.WriteFile(spec, text, 0o600))
	runner := exec.Command(os.Args[0]) //nolint:noctx // killed below
	runner.Env = append(os.Environ(), runnerVariable+"="+spec)
	runner.Stderr = os.Stderr
	require.NoError(t, runner.Start())
	require.Eventually(t, func() bool {
		state, err := e.State(t.Context(), s.stack())
		return err == nil && len(state.Pending) > 0 && vpcs(t, api) == 1
	}, time.Minute, 50*time.Millisecond)
	require.NoError(t, runner.Process.Kill())
	_ = runner.Wait() // it was killed
	locks, _, err := e.Locks(t.Context(), s.stack())
	require.NoError(t, err)
	require.Len(t, locks, 1)
	return locks[0]
}

// crash kills the engine's process that holds a lock. The plugins that it leaves
// behind go on until the test has ended: nobody else ends them.
func crash(t *testing.T, lock engine.Lock) {
	t.Helper()
	for pid, command := range below(t, lock.PID) {
		t.Cleanup(func() {
			if command != "" && commandOf(pid) == command {
				assert.NoError(t, syscall.Kill(pid, syscall.SIGKILL), command)
			}
		})
	}
	require.NoError(t, syscall.Kill(lock.PID, syscall.SIGKILL))
	require.Eventually(t, func() bool { return lock.Owner() == engine.Dead }, time.Minute, 50*time.Millisecond)
}

// below lists all processes that a process has started, itself or by others, with
// their command lines. Where the system does not list them there are none.
func below(t *testing.T, pid int) map[int]string {
	t.Helper()
	found := map[int]string{}
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	require.NoError(t, err)
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for _, field := range strings.Fields(string(text)) {
			child, err := strconv.Atoi(field)
			require.NoError(t, err)
			found[child] = commandOf(child)
			maps.Copy(found, below(t, child))
		}
	}
	return found
}

// commandOf is a process's command line, empty when it has ended.
func commandOf(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return ""
	}
	return string(text)
}

func vpcs(t *testing.T, api *awsec2.Client) int {
	t.Helper()
	n, err := countVPCs(t.Context(), api)
	require.NoError(t, err)
	return n
}

func countVPCs(ctx context.Context, api *awsec2.Client) (int, error) {
	out, err := api.DescribeVpcs(ctx, &awsec2.DescribeVpcsInput{
		Filters: []types.Filter{{Name: aws.String("tag:Name"), Values: []string{"engine-test"}}},
	})
	if err != nil {
		return 0, err
	}
	return len(out.Vpcs), nil
}

func TestAnUpdateOutlivesItsKilledRunnerWritesItsStateAndGivesTheLockBack(t *testing.T) {
	s, _, api := newScene(t)
	e, err := s.engine()
	require.NoError(t, err)
	require.NoError(t, e.Ensure(t.Context(), s.stack()))
	lock := killedWhileCreating(t, s, e, api)
	assert.Equal(t, engine.Alive, lock.Owner(), "the engine's process has a session of its own")

	require.Eventually(t, func() bool {
		locks, _, err := e.Locks(t.Context(), s.stack())
		return err == nil && len(locks) == 0
	}, 2*time.Minute, 100*time.Millisecond)

	state, err := e.State(t.Context(), s.stack())
	require.NoError(t, err)
	assert.Empty(t, state.Pending)
	assert.Len(t, state.Resources, 1, "what was in flight is in the state")
	_, err = e.Up(t.Context(), engine.Request{Stack: s.stack()})
	require.NoError(t, err)
	assert.Equal(t, 1, vpcs(t, api))
}

func TestWhatAKilledUpdateMadeIsFoundAndTakenOverNotMadeTwice(t *testing.T) {
	s, finder, api := newScene(t)
	e, err := s.engine()
	require.NoError(t, err)
	require.NoError(t, e.Ensure(t.Context(), s.stack()))
	lock := killedWhileCreating(t, s, e, api)
	crash(t, lock)

	_, err = e.Up(t.Context(), engine.Request{Stack: s.stack()})
	require.Equal(t, fault.Locked, fault.CodeOf(err), "%v", err)
	assert.ErrorContains(t, err, "stale")

	require.NoError(t, e.Release(t.Context(), s.stack(), lock))
	state, err := e.State(t.Context(), s.stack())
	require.NoError(t, err)
	require.Len(t, state.Pending, 1)
	ids, err := finder.Find(t.Context(), state.Pending[0])
	require.NoError(t, err)
	require.Len(t, ids, 1)
	_, err = e.Settle(t.Context(), engine.Request{Stack: s.stack()}, map[string]string{state.Pending[0].URN: ids[0]})
	require.NoError(t, err)
	result, err := e.Up(t.Context(), engine.Request{Stack: s.stack()})
	require.NoError(t, err)

	assert.Equal(t, 1, vpcs(t, api))
	assert.Equal(t, ids[0], result.Outputs["vpc"])
}

func TestACreationThatMadeNothingIsForgottenWhenItCannotBeRead(t *testing.T) {
	s, _, api := newScene(t)
	e, err := s.engine()
	require.NoError(t, err)
	require.NoError(t, e.Ensure(t.Context(), s.stack()))
	lock := killedWhileCreating(t, s, e, api)
	crash(t, lock)
	require.NoError(t, e.Release(t.Context(), s.stack(), lock))
	state, err := e.State(t.Context(), s.stack())
	require.NoError(t, err)
	require.Len(t, state.Pending, 1)

	_, err = e.Settle(t.Context(), engine.Request{Stack: s.stack()}, map[string]string{state.Pending[0].URN: "vpc-0123456789abcdef0"})
	require.NoError(t, err)

	state, err = e.State(t.Context(), s.stack())
	require.NoError(t, err)
	assert.Empty(t, state.Pending)
	assert.Empty(t, state.Resources)
}

func TestCancellingFinishesWhatIsInFlightAndLeavesNoLock(t *testing.T) {
	s, _, api := newScene(t)
	e, err := s.engine()
	require.NoError(t, err)
	require.NoError(t, e.Ensure(t.Context(), s.stack()))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		for {
			n, err := countVPCs(ctx, api)
			if err != nil && ctx.Err() == nil {
				t.Errorf("wait for the network: %v", err)
			}
			if err != nil || n > 0 {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()

	_, err = e.Up(ctx, engine.Request{Stack: s.stack()})

	assert.Equal(t, fault.Cancelled, fault.CodeOf(err), "%v", err)
	locks, _, err := e.Locks(t.Context(), s.stack())
	require.NoError(t, err)
	assert.Empty(t, locks)
	state, err := e.State(t.Context(), s.stack())
	require.NoError(t, err)
	assert.Empty(t, state.Pending)
	_, err = e.Up(t.Context(), engine.Request{Stack: s.stack()})
	require.NoError(t, err)
	assert.Equal(t, 1, vpcs(t, api))
	log, err := os.ReadFile(s.Log)
	require.NoError(t, err)
	assert.True(t, strings.Contains(string(log), "cancel"), "the engine was asked, not killed:\n%s", log)
}
