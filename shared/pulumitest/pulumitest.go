// Package pulumitest runs a layer's program against a recording mock of
// Pulumi's engine. It registers nothing anywhere; what the provider or AWS
// would refuse it cannot tell. Assertions belong after Run has returned.
package pulumitest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/cutover/cutover/shared/contract"
)

// Organization is what the mocked engine calls the organisation, as a file
// backend does.
const Organization = "organization"

const stackReference = "pulumi:pulumi:StackReference"

// Options describe one run.
type Options struct {
	Layer contract.Layer
	// Stack is the environment: local, staging or prod.
	Stack string
	// StackFile is the Pulumi.<env>.yaml to configure the run with.
	StackFile string
	// Config overrides or adds single keys ("foundation:zones"), as the text that
	// Pulumi hands to a program.
	Config map[string]string
	// Upstream holds the exports of the layers that the program imports. A layer
	// that is not listed is a stack without outputs.
	Upstream map[contract.Layer]map[string]any
	// DryRun runs the program as a preview does: ids and computed properties are
	// unknown.
	DryRun bool
	// Computed returns further properties that AWS would fill in for a resource.
	Computed func(r Resource) map[string]any
}

// Resource is one registered resource. Inputs are plain Go values; unknown ones
// are absent.
type Resource struct {
	Type   string
	Name   string
	Parent string
	Custom bool
	Inputs map[string]any
	// Protect and IgnoreChanges are the options that guard state.
	Protect       bool
	IgnoreChanges []string
	// Secrets names the inputs that were marked secret.
	Secrets []string
}

// Recording is what a run left behind.
type Recording struct {
	Resources []Resource
	// Exports are the stack outputs with known values, as another stack reads
	// them: numbers are float64, lists []any, maps map[string]any.
	Exports map[string]any
	// ExportKeys are all stack outputs, sorted.
	ExportKeys []string
}

// Run runs program and returns what it registered and its error.
func Run(t testing.TB, opts Options, program pulumi.RunFunc) (*Recording, error) {
	t.Helper()
	config := readStackFile(t, opts)
	maps.Copy(config, opts.Config)
	mock := &recorder{opts: opts, recording: &Recording{Exports: make(map[string]any)}}
	err := pulumi.RunErr(func(ctx *pulumi.Context) error {
		if err := program(ctx); err != nil {
			return err
		}
		return mock.registerExports(ctx)
	}, pulumi.WithMocksWithOrganization(Organization, string(opts.Layer), opts.Stack, mock),
		func(info *pulumi.RunInfo) { info.Config, info.DryRun = config, opts.DryRun })
	slices.SortFunc(mock.recording.Resources, func(a, b Resource) int {
		return strings.Compare(a.Type+a.Name, b.Type+b.Name)
	})
	return mock.recording, err
}

// MustRun is Run for programs that have to succeed.
func MustRun(t testing.TB, opts Options, program pulumi.RunFunc) *Recording {
	t.Helper()
	recording, err := Run(t, opts, program)
	require.NoError(t, err)
	return recording
}

// OfType lists the resources of one type token.
func (r *Recording) OfType(token string) []Resource {
	var found []Resource
	for _, each := range r.Resources {
		if each.Type == token {
			found = append(found, each)
		}
	}
	return found
}

// Find returns the resource of that type and logical name, or fails the test.
func (r *Recording) Find(t testing.TB, token, name string) Resource {
	t.Helper()
	var names []string
	for _, each := range r.OfType(token) {
		if each.Name == name {
			return each
		}
		names = append(names, each.Name)
	}
	require.Failf(t, "resource not registered", "%s %q: registered are %v", token, name, names)
	return Resource{}
}

// readStackFile returns the configuration as Pulumi hands it to a program:
// scalars as bare text, structures as JSON.
func readStackFile(t testing.TB, opts Options) map[string]string {
	t.Helper()
	config := make(map[string]string)
	if opts.StackFile == "" {
		return config
	}
	content, err := os.ReadFile(filepath.Clean(opts.StackFile))
	require.NoError(t, err)
	var file struct {
		Config map[string]any `yaml:"config"`
	}
	require.NoError(t, yaml.Unmarshal(content, &file), opts.StackFile)
	for key, value := range file.Config {
		config[key] = configText(t, value)
	}
	return config
}

func configText(t testing.TB, value any) string {
	t.Helper()
	switch v := value.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	}
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return string(text)
}

// recorder is the mocked engine.
type recorder struct {
	opts      Options
	mutex     sync.Mutex
	recording *Recording
}

// Call answers a function with its own arguments.
func (m *recorder) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	return args.Args, nil
}

// NewResource records the resource and makes up what AWS would compute.
func (m *recorder) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	if args.TypeToken == stackReference {
		return m.stackReference(args)
	}
	if args.TypeToken == exportsToken {
		return m.captureExports(args)
	}
	recorded := record(args)
	m.mutex.Lock()
	m.recording.Resources = append(m.recording.Resources, recorded)
	m.mutex.Unlock()
	if m.opts.DryRun {
		return "", args.Inputs, nil
	}
	state := args.Inputs.Copy()
	for key, value := range m.computed(recorded) {
		if _, set := state[resource.PropertyKey(key)]; !set {
			state[resource.PropertyKey(key)] = resource.NewPropertyValue(value)
		}
	}
	return recorded.Name + "-id", state, nil
}

func record(args pulumi.MockResourceArgs) Resource {
	recorded := Resource{
		Type:   args.TypeToken,
		Name:   args.Name,
		Custom: args.Custom,
		Inputs: args.Inputs.MapRepl(nil, plain),
	}
	if rpc := args.RegisterRPC; rpc != nil {
		recorded.Parent = rpc.GetParent()
		recorded.Protect = rpc.GetProtect()
		recorded.IgnoreChanges = rpc.GetIgnoreChanges()
	}
	for key, value := range args.Inputs {
		if value.ContainsSecrets() {
			recorded.Secrets = append(recorded.Secrets, string(key))
		}
	}
	slices.Sort(recorded.Secrets)
	return recorded
}

// plain reads through secrets and outputs; what is unknown becomes nil.
func plain(value resource.PropertyValue) (any, bool) {
	switch {
	case value.IsSecret():
		return value.SecretValue().Element.MapRepl(nil, plain), true
	case value.IsOutput() && value.OutputValue().Known:
		return value.OutputValue().Element.MapRepl(nil, plain), true
	case value.IsOutput(), value.IsComputed():
		return nil, true
	}
	return nil, false
}

// computed is what AWS fills in for most resources, and what the test adds.
func (m *recorder) computed(r Resource) map[string]any {
	out := map[string]any{
		"arn":          fmt.Sprintf("arn:aws:mock:us-east-1:123456789012:%s/%s", r.Type, r.Name),
		"arnSuffix":    "mock/" + r.Name,
		"dnsName":      r.Name + ".mock.example",
		"endpoint":     r.Name + ".mock.example",
		"prefixListId": "pl-" + r.Name,
		"zoneId":       "Z" + strings.ToUpper(r.Name),
	}
	if m.opts.Computed != nil {
		maps.Copy(out, m.opts.Computed(r))
	}
	return out
}

// stackReference answers with the exports of the layer the name points at.
func (m *recorder) stackReference(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	name := args.Inputs["name"].StringValue()
	parts := strings.Split(name, "/")
	if len(parts) != 3 || parts[0] != Organization || parts[2] != m.opts.Stack {
		return "", nil, fmt.Errorf("stack reference %q: expected %s/<layer>/%s", name, Organization, m.opts.Stack)
	}
	outputs := m.opts.Upstream[contract.Layer(parts[1])]
	return name, resource.PropertyMap{
		"name":              resource.NewProperty(name),
		"outputs":           resource.NewProperty(resource.NewPropertyMapFromMap(outputs)),
		"secretOutputNames": resource.NewProperty([]resource.PropertyValue{}),
	}, nil
}

// exportsToken marks the resource that carries the stack outputs to the mock:
// its registration waits until each of them is known or known to be unknown.
const exportsToken = "pulumitest:index:Exports"

type exportsCarrier struct{ pulumi.CustomResourceState }

func (m *recorder) registerExports(ctx *pulumi.Context) error {
	exports := pulumi.Map{}
	for key, value := range ctx.GetCurrentExportMap() {
		exports[key] = value
		m.recording.ExportKeys = append(m.recording.ExportKeys, key)
	}
	slices.Sort(m.recording.ExportKeys)
	return ctx.RegisterResource(exportsToken, "exports", pulumi.Map{"outputs": exports}, &exportsCarrier{})
}

// captureExports notes every stack output whose value is known.
func (m *recorder) captureExports(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	outputs := args.Inputs["outputs"]
	for outputs.IsSecret() || outputs.IsOutput() {
		if outputs.IsSecret() {
			outputs = outputs.SecretValue().Element
			continue
		}
		outputs = outputs.OutputValue().Element
	}
	for key, value := range outputs.ObjectValue() {
		if known := value.MapRepl(nil, plain); known != nil {
			m.recording.Exports[string(key)] = known
		}
	}
	return "", args.Inputs, nil
}
