// Package contract holds what the layers promise each other: the order they are
// deployed in and, per layer, the typed outputs that others may read. It is the
// only place that exports stack outputs and the only one that reads them.
package contract

import (
	"fmt"
	"strings"
)

// Layer names one Pulumi project of the monorepo. Its value is the project's
// name in Pulumi.yaml, its folder under projects/ and its configuration namespace.
type Layer string

// The seven layers.
const (
	Foundation    Layer = "foundation"
	Security      Layer = "security"
	Data          Layer = "data"
	Edge          Layer = "edge"
	Services      Layer = "services"
	Migration     Layer = "migration"
	Observability Layer = "observability"
)

// Layers lists every layer in a valid deployment order.
func Layers() []Layer {
	return []Layer{Foundation, Security, Data, Edge, Services, Migration, Observability}
}

// Needs lists the layers whose outputs l imports, directly. Import refuses a
// read that is not declared here, so the deployment order cannot drift from the
// reads. Edge stands before services because ECS refuses a service whose target
// group hangs on no listener (Amazon ECS API reference, CreateService); security
// reads foundation because flow logs and Config rules name its networks.
func (l Layer) Needs() []Layer {
	switch l {
	case Security:
		return []Layer{Foundation}
	case Data, Edge:
		return []Layer{Foundation, Security}
	case Services:
		return []Layer{Foundation, Security, Data, Edge}
	case Migration:
		return []Layer{Foundation, Security, Data}
	case Observability:
		return []Layer{Foundation, Security, Data, Edge, Services, Migration}
	case Foundation:
		return nil
	}
	return nil
}

// Parse returns the layer called name.
func Parse(name string) (Layer, error) {
	for _, l := range Layers() {
		if string(l) == name {
			return l, nil
		}
	}
	names := make([]string, 0, len(Layers()))
	for _, l := range Layers() {
		names = append(names, string(l))
	}
	return "", fmt.Errorf("layer %q is unknown: expected one of %s", name, strings.Join(names, ", "))
}
