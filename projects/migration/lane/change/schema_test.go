package change_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cutover/cutover/projects/migration/lane/change"
)

// An entry of the log of DDL makes a transaction a change of the schema, and one
// that pretends to be the engine's is none: the engine writes no such entry.
func TestAChangeOfTheSchemaIsNeverAnEcho(t *testing.T) {
	for want, kinds := range map[change.Class][][]change.ItemKind{
		change.Schema: {{change.SchemaRow}, {change.SchemaRow, change.DataRow}, {change.CanaryRow, change.SchemaRow}},
		change.Forged: {
			{change.Marker, change.LaneRow, change.SchemaRow}, {change.Marker, change.SchemaRow}, {change.SchemaRow, change.ChunkRow},
			{change.SchemaRow, change.AuthorityRow},
		},
		change.Echo: {{change.Marker, change.LaneRow, change.DataRow}},
	} {
		for _, items := range kinds {
			var p change.Profile
			for _, kind := range items {
				p.Add(kind)
			}
			assert.Equal(t, want, p.Class(true), "%v", items)
			assert.Equal(t, want, p.Class(false), "%v", items)
		}
	}
}
