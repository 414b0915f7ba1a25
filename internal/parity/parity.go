// Package parity compares the configuration of two environments and says what
// may differ between staging and production: which account and addresses they
// have, how big they are, and how hard a lock is that nobody could undo. Anything
// else would make staging prove something about another system. The package reads
// stack files and nothing else.
package parity

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/cutover/cutover/shared/contract"
)

// Kind says why a key may differ.
type Kind string

// The kinds. An identity has to differ, the others may.
const (
	Identity Kind = "identity" // which environment it is
	Capacity Kind = "capacity" // how big it is
	Lock     Kind = "lock"     // what could not be taken back
)

// Allowed is a key, or a pattern of keys, that may differ. An asterisk stands for
// one part between dots, brackets for any place in a list.
type Allowed struct {
	Layer contract.Layer // empty for every layer
	Key   string         // without the namespace
	Kind  Kind
}

// AllowList is everything that may differ between staging and production.
func AllowList() []Allowed {
	return []Allowed{
		{"", "environment.accountId", Identity},
		{"", "environment.backend", Identity},
		{"", "environment.secretsProvider", Identity},
		{contract.Foundation, "blue.cidr", Identity},
		{contract.Foundation, "green.cidr", Identity},
		{contract.Foundation, "isolatedFrom[]", Identity},
		{contract.Foundation, "transitGatewayAsn", Identity},
		{contract.Security, "access.*.externalId", Identity},
		{contract.Security, "access.deploy.stateKeyArn", Identity},
		{contract.Data, "privateDomain", Identity},
		{contract.Edge, "domain", Identity},
		{contract.Edge, "publicName", Identity},

		{contract.Data, "database.instanceClass", Capacity},
		{contract.Data, "database.instances", Capacity},
		{contract.Data, "database.backupRetentionDays", Capacity},
		{contract.Migration, "throttle.sourceProcessors", Capacity}, // of database.instanceClass
		{contract.Observability, "limits.connections", Capacity},
		{contract.Services, "zones", Capacity},
		{contract.Services, "*.*.tasks.min", Capacity},
		{contract.Services, "*.*.tasks.max", Capacity},

		{contract.Security, "evidence.lockMode", Lock},
		{contract.Security, "evidence.lockDays", Lock},
		{contract.Data, "documents.lockMode", Lock},
		{contract.Data, "documents.lockDays", Lock},
		{contract.Data, "backup.lockMode", Lock},
		{contract.Migration, "proofs.lockMode", Lock},
		{contract.Migration, "proofs.lockDays", Lock},
	}
}

// covers tells whether the pattern stands for the key of the layer.
func (a Allowed) covers(layer contract.Layer, key string) bool {
	if a.Layer != "" && a.Layer != layer {
		return false
	}
	pattern, parts := strings.Split(a.Key, "."), strings.Split(key, ".")
	if len(pattern) != len(parts) {
		return false
	}
	for i := range pattern {
		if pattern[i] != "*" && pattern[i] != parts[i] {
			return false
		}
	}
	return true
}

// Difference is a key whose value is not the same in both environments. An
// absent value is nil.
type Difference struct {
	Layer  contract.Layer
	Key    string
	Values [2]any
}

// String tells the difference for an operator.
func (d Difference) String() string {
	return fmt.Sprintf("%s:%s is %v in one environment and %v in the other", d.Layer, d.Key, d.Values[0], d.Values[1])
}

// Values are the configuration of one layer, flat: "database.instances" to 3.
// Places of a list become brackets, so that its length and order count as well.
type Values map[string][]any

// Compare lists every key that differs, sorted.
func Compare(layer contract.Layer, one, other Values) []Difference {
	keys := make(map[string]bool)
	for key := range one {
		keys[key] = true
	}
	for key := range other {
		keys[key] = true
	}
	var differences []Difference
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if !reflect.DeepEqual(one[key], other[key]) {
			differences = append(differences, Difference{Layer: layer, Key: key, Values: [2]any{plain(one[key]), plain(other[key])}})
		}
	}
	return differences
}

func plain(values []any) any {
	switch len(values) {
	case 0:
		return nil
	case 1:
		return values[0]
	}
	return values
}

// Judge parts the differences into those that the list allows, by entry, and
// those that it does not.
func Judge(differences []Difference, list []Allowed) (used map[Allowed]bool, refused []Difference) {
	used = make(map[Allowed]bool)
	for _, d := range differences {
		at := slices.IndexFunc(list, func(a Allowed) bool { return a.covers(d.Layer, d.Key) })
		if at < 0 {
			refused = append(refused, d)
			continue
		}
		used[list[at]] = true
	}
	return used, refused
}

// Read reads the configuration of a layer in an environment of the checkout.
func Read(root string, layer contract.Layer, environment string) (Values, error) {
	path := filepath.Join(root, "projects", string(layer), "Pulumi."+environment+".yaml")
	text, err := os.ReadFile(path) //nolint:gosec // a stack file of the checkout
	if err != nil {
		return nil, fmt.Errorf("read the configuration of %s in %s: %w", layer, environment, err)
	}
	return Parse(layer, text)
}

// Parse reads the configuration of a layer from the text of a stack file.
func Parse(layer contract.Layer, text []byte) (Values, error) {
	var file struct {
		Config map[string]any `yaml:"config"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("stack file of %s: %w", layer, err)
	}
	values := make(Values)
	for key, value := range file.Config {
		values.add(strings.TrimPrefix(key, string(layer)+":"), value)
	}
	return values, nil
}

func (v Values) add(key string, value any) {
	switch of := value.(type) {
	case map[string]any:
		for name, each := range of {
			v.add(key+"."+name, each)
		}
		if len(of) == 0 {
			v[key] = append(v[key], of)
		}
	case []any:
		for _, each := range of {
			v.add(key+"[]", each)
		}
		if len(of) == 0 {
			v[key] = append(v[key], of)
		}
	default:
		v[key] = append(v[key], fmt.Sprint(value)) // "true" and true are the same to a program
	}
}
