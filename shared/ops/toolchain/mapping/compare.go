package mapping

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Where a property is.
const (
	SideProvider  = "provider"
	SideArguments = "arguments"
	SideOutputs   = "outputs"
)

// What a side says of a property.
const (
	absent        = "absent"
	optionalValue = "an optional value"
	requiredValue = "a required one"
)

// Difference is one disagreement. Path is by Pulumi's names, with [] for the
// elements of a list and * for those of a map.
type Difference struct {
	Token  string
	Side   string
	Path   string
	SDK    string
	Plugin string
}

// String names the token, the path and both sides.
func (d Difference) String() string {
	return fmt.Sprintf("%s %s %s: the SDK has %s, the plugin %s", d.Token, d.Side, d.Path, d.SDK, d.Plugin)
}

// Compare returns all disagreements of a plugin with the SDK, sorted.
func Compare(plugin Plugin, sdk *SDK) ([]Difference, error) {
	provider, err := sdk.Provider()
	if err != nil {
		return nil, err
	}
	c := comparison{token: "provider", side: SideProvider}
	c.level("", provider, plugin.Provider)
	for _, tok := range slices.Sorted(maps.Keys(plugin.Resources)) {
		c.token = tok
		c.resource(plugin.Resources[tok], sdk)
	}
	slices.SortFunc(c.differences, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Token, b.Token), cmp.Compare(a.Side, b.Side), cmp.Compare(a.Path, b.Path))
	})
	return c.differences, errors.Join(c.failures...)
}

type comparison struct {
	token, side string
	differences []Difference
	failures    []error
}

func (c *comparison) report(path, sdk, plugin string) {
	c.differences = append(c.differences, Difference{Token: c.token, Side: c.side, Path: path, SDK: sdk, Plugin: plugin})
}

func (c *comparison) fail(err error) {
	c.failures = append(c.failures, fmt.Errorf("%s %s: %w", c.token, c.side, err))
}

func (c *comparison) resource(r Resource, sdk *SDK) {
	c.side = SideOutputs
	arguments, outputs, err := sdk.Resource(c.token)
	if errors.Is(err, errNoToken) {
		c.report("", absent, r.Terraform)
		return
	}
	if err != nil {
		c.fail(err)
		return
	}
	if !r.HasID {
		c.report("id", KindString, "no id attribute, nor one composed from others")
	}
	// Pulumi carries the id of a resource apart from its properties.
	delete(r.Outputs, "id")
	delete(r.Inputs, "id")
	c.level("", outputs, r.Outputs)
	c.side = SideArguments
	c.level("", arguments, r.Inputs)
}

// level compares the properties of one object by name.
func (c *comparison) level(at string, sdk, plugin map[string]Shape) {
	for name, s := range sdk {
		if p, ok := plugin[name]; ok {
			c.shape(join(at, name), s, p)
		} else {
			c.report(join(at, name), s.String(), absent)
		}
	}
	for name, p := range plugin {
		if _, ok := sdk[name]; !ok {
			c.report(join(at, name), absent, p.String())
		}
	}
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}

// shape compares one value. What the SDK takes as anything may be a text.
func (c *comparison) shape(at string, sdk, plugin Shape) {
	switch {
	case sdk.Kind == KindAny && plugin.Kind == KindString:
	case sdk.Kind != plugin.Kind:
		c.report(at, sdk.String(), plugin.String())
	case c.side == SideArguments && plugin.Required && !sdk.Required && !isCollection(sdk):
		c.report(at, optionalValue, requiredValue)
	case sdk.Kind == KindObject:
		fields, err := sdk.members()
		if err != nil {
			c.fail(err)
			return
		}
		c.level(at, fields, plugin.Fields)
	case sdk.Kind == KindList:
		c.shape(at+"[]", *sdk.Elem, *plugin.Elem)
	case sdk.Kind == KindMap:
		c.shape(at+".*", *sdk.Elem, *plugin.Elem)
	}
}

// isCollection tells that Go's type does not say whether a value is required.
func isCollection(s Shape) bool { return s.Kind == KindList || s.Kind == KindMap || s.Kind == KindAny }
