// Package recording runs a layer's program against a mock of Pulumi's engine
// that writes down what the program registers. It registers nothing anywhere;
// what the provider or AWS would refuse it cannot tell.
package recording

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

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
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
	// Identify takes the place of Computed and of all that the mock makes up by
	// itself: it returns the id of a resource and its computed properties.
	Identify func(r Resource) (id string, computed map[string]any)
}

// Resource is one registered resource. Inputs are plain Go values; unknown ones
// are absent.
type Resource struct {
	Type string
	Name string
	// URN names the resource within its stack; Parent is the URN of the resource
	// that it belongs to.
	URN    string
	Parent string
	Custom bool
	Inputs map[string]any
	// ID and Computed are what the mock filled in, as AWS would.
	ID       string
	Computed map[string]any
	// Provider is the URN of the explicit provider, "::" and its id; empty for
	// the default one.
	Provider string
	// Dependencies are the URNs of all that has to stand before; Sources are those
	// of the resources that an input's value comes from, by input.
	Dependencies []string
	Sources      map[string][]string
	// Protect, RetainOnDelete and IgnoreChanges are the options that guard state.
	Protect        bool
	RetainOnDelete bool
	IgnoreChanges  []string
	// Secrets names the inputs that were marked secret.
	Secrets []string
}

// Recording is what a run left behind.
type Recording struct {
	Resources []Resource
	// Config is what the program was configured with, by full key.
	Config map[string]string
	// Exports are the stack outputs with known values, as another stack reads
	// them: numbers are float64, lists []any, maps map[string]any.
	Exports map[string]any
	// ExportKeys are all stack outputs, sorted.
	ExportKeys []string
}

// Run runs program and returns what it registered and its error. What was
// registered before the error is returned too.
func Run(opts Options, program pulumi.RunFunc) (*Recording, error) {
	mock := &recorder{opts: opts, recording: &Recording{Exports: make(map[string]any)}}
	config, err := readStackFile(opts.StackFile)
	if err != nil {
		return mock.recording, err
	}
	maps.Copy(config, opts.Config)
	mock.recording.Config = config
	err = pulumi.RunErr(func(ctx *pulumi.Context) error {
		if opts.DryRun {
			if err := ctx.RegisterStackTransformation(openSecrets); err != nil {
				return fmt.Errorf("open the secrets of a preview: %w", err)
			}
		}
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

// Test is what Find needs of a testing.TB.
type Test interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Find returns the resource of that type and logical name, or fails the test.
func (r *Recording) Find(t Test, token, name string) Resource {
	t.Helper()
	var names []string
	for _, each := range r.OfType(token) {
		if each.Name == name {
			return each
		}
		names = append(names, each.Name)
	}
	t.Fatalf("resource not registered: %s %q: registered are %v", token, name, names)
	return Resource{}
}

// readStackFile returns the configuration as Pulumi hands it to a program:
// scalars as bare text, structures as JSON.
func readStackFile(path string) (map[string]string, error) {
	config := make(map[string]string)
	if path == "" {
		return config, nil
	}
	content, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return nil, fmt.Errorf("read stack file: %w", err)
	}
	var file struct {
		Config map[string]any `yaml:"config"`
	}
	if err := yaml.Unmarshal(content, &file); err != nil {
		return nil, fmt.Errorf("stack file %s: %w", path, err)
	}
	for key, value := range file.Config {
		if config[key], err = configText(value); err != nil {
			return nil, fmt.Errorf("stack file %s: key %s: %w", path, key, err)
		}
	}
	return config, nil
}

func configText(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case int:
		return strconv.Itoa(v), nil
	}
	text, err := json.Marshal(value)
	return string(text), err
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
	recorded := m.record(args)
	if m.opts.Identify != nil {
		recorded.ID, recorded.Computed = m.opts.Identify(recorded)
	} else {
		recorded.ID, recorded.Computed = recorded.Name+"-id", m.computed(recorded)
	}
	m.mutex.Lock()
	m.recording.Resources = append(m.recording.Resources, recorded)
	m.mutex.Unlock()
	if m.opts.DryRun {
		return "", args.Inputs, nil
	}
	state := args.Inputs.Copy()
	for key, value := range recorded.Computed {
		if _, set := state[resource.PropertyKey(key)]; !set {
			state[resource.PropertyKey(key)] = resource.NewPropertyValue(value)
		}
	}
	return recorded.ID, state, nil
}

func (m *recorder) record(args pulumi.MockResourceArgs) Resource {
	recorded := Resource{
		Type:     args.TypeToken,
		Name:     args.Name,
		Custom:   args.Custom,
		Provider: args.Provider,
		Inputs:   args.Inputs.MapRepl(nil, plain),
	}
	if rpc := args.RegisterRPC; rpc != nil {
		recorded.Parent = rpc.GetParent()
		recorded.Protect = rpc.GetProtect()
		recorded.RetainOnDelete = rpc.GetRetainOnDelete()
		recorded.IgnoreChanges = rpc.GetIgnoreChanges()
		recorded.Dependencies = slices.Sorted(slices.Values(rpc.GetDependencies()))
		recorded.Sources = make(map[string][]string)
		for input, from := range rpc.GetPropertyDependencies() {
			if len(from.GetUrns()) > 0 {
				recorded.Sources[input] = slices.Sorted(slices.Values(from.GetUrns()))
			}
		}
	}
	recorded.URN = m.urn(recorded)
	for key, value := range args.Inputs {
		if value.ContainsSecrets() {
			recorded.Secrets = append(recorded.Secrets, string(key))
		}
	}
	slices.Sort(recorded.Secrets)
	return recorded
}

// urn is what the SDK's mock calls the resource.
func (m *recorder) urn(r Resource) string {
	var parent tokens.Type
	if urn := resource.URN(r.Parent); urn != "" && urn.QualifiedType() != resource.RootStackType {
		parent = urn.QualifiedType()
	}
	return string(resource.NewURN(tokens.QName(m.opts.Stack), tokens.PackageName(m.opts.Layer), parent, tokens.Type(r.Type), r.Name))
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
