package desk

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cutover/cutover/projects/migration/lane/schema"
)

func TestAChangeIsOpenUntilBothSidesSayItsEnd(t *testing.T) {
	for _, end := range []schema.State{schema.Done, schema.Withdrawn} {
		for name, sides := range map[string][2]schema.State{"the first": {schema.Planned, end}, "the other": {end, schema.Planned}} {
			all := joined(joined(nil, Change{ID: 1, State: sides[0]}), Change{ID: 1, State: sides[1]})
			assert.Equal(t, []Change{{ID: 1, State: schema.Planned}}, all, "%s has it open, the other side says %s", name, end)
		}
		assert.Equal(t, []Change{{ID: 1, State: end}}, joined(joined(nil, Change{ID: 1, State: end}), Change{ID: 1, State: end}))
	}
	assert.Len(t, joined([]Change{{ID: 1}}, Change{ID: 2}), 2, "one that a side alone has is shown")
}
