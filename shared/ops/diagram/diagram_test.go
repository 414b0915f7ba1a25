package diagram_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/dag"
	"github.com/cutover/cutover/shared/ops/diagram"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func layers(t *testing.T) *dag.Graph {
	t.Helper()
	var nodes []dag.Node
	for _, l := range contract.Layers() {
		node := dag.Node{Name: string(l)}
		for _, need := range l.Needs() {
			node.Needs = append(node.Needs, string(need))
		}
		nodes = append(nodes, node)
	}
	g, err := dag.New(nodes)
	require.NoError(t, err)
	return g
}

func TestDrawingIsWellFormedAndHasEveryLayerAndNoImpliedNeed(t *testing.T) {
	svg := diagram.Layers("layers", layers(t))

	decoder := xml.NewDecoder(strings.NewReader(svg))
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
	}
	for _, l := range contract.Layers() {
		assert.Contains(t, svg, ">"+string(l)+"</text>")
	}
	// foundation to security; security to data and edge; data and edge to services,
	// data to migration; services and migration to observability.
	assert.Equal(t, 8, strings.Count(svg, "marker-end"))
}

func TestEqualLayersGiveEqualBytes(t *testing.T) {
	assert.Equal(t, diagram.Layers("x", layers(t)), diagram.Layers("x", layers(t))) //nolint:testifylint // twice the same is what is asked
}
