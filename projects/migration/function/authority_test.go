package function

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cutover/cutover/projects/migration/lane/authority"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// row is an authority row.
func row(epoch int64, writable bool) authority.Row {
	return authority.Row{Epoch: epoch, Writable: writable}
}

// A switch changes the token and both rows one after the other, in this order: no
// step of it is a disagreement, and every other state is.
func TestWhatTheTokenAndTheRowsSayTogether(t *testing.T) {
	token := func(holder naming.Color, epoch int64, phase items.Phase) items.Token {
		return items.Token{Holder: holder, Epoch: epoch, Phase: phase}
	}
	for name, each := range map[string]struct {
		token       items.Token
		blue, green authority.Row
		want        bool
	}{
		"at rest":                      {token(naming.Blue, 3, items.PhaseOpen), row(3, true), row(3, false), false},
		"before the fence":             {token(naming.Blue, 3, items.PhaseFencing), row(3, true), row(3, false), false},
		"fenced":                       {token(naming.Blue, 3, items.PhaseFencing), row(3, false), row(3, false), false},
		"promoted":                     {token(naming.Blue, 3, items.PhasePromoting), row(3, false), row(4, true), false},
		"told":                         {token(naming.Green, 4, items.PhaseOpen), row(3, false), row(4, true), false},
		"closed":                       {token(naming.Green, 4, items.PhaseOpen), row(4, false), row(4, true), false},
		"held":                         {token(naming.Blue, 3, items.PhaseHeld), row(3, false), row(3, false), false},
		"both can be written to":       {token(naming.Blue, 3, items.PhaseOpen), row(3, true), row(3, true), true},
		"both, while nobody may begin": {token(naming.Blue, 3, items.PhaseFencing), row(3, true), row(4, true), true},
		"the holder cannot":            {token(naming.Blue, 3, items.PhaseOpen), row(3, false), row(3, false), true},
		"the other side can":           {token(naming.Blue, 3, items.PhaseOpen), row(3, false), row(4, true), true},
		"the holder has another term":  {token(naming.Blue, 3, items.PhaseOpen), row(4, true), row(4, false), true},
		"the other side is ahead":      {token(naming.Blue, 3, items.PhaseOpen), row(3, true), row(4, false), true},
	} {
		assert.Equal(t, each.want, disagree(each.token, terms{naming.Blue: each.blue, naming.Green: each.green}), name)
	}
}
