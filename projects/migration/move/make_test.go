package move_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/verify"
	"github.com/cutover/cutover/projects/migration/move"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// backDesk makes, or refuses, a lane back.
type backDesk struct {
	refused string
	asked   []desk.Request
}

func (d *backDesk) Do(_ context.Context, r desk.Request) (desk.Reply, error) {
	d.asked = append(d.asked, r)
	if r.Act == desk.Return && d.refused != "" {
		return desk.Reply{Refused: d.refused, RefusedAs: desk.NotNow}, nil
	}
	return desk.Reply{State: checkpoint.Running}, nil
}

// clean is a comparison that finds nothing.
type clean struct{}

func (clean) Full(context.Context, func(verify.Progress)) (verify.Report, error) {
	return verify.Report{Done: true, Clean: true}, nil
}

// A verification and a start of the lane back both ask for all that belongs to it, so
// that either ends what a call that died has begun.
func TestTheLaneBackIsMadeWholeByAVerificationAndByAStart(t *testing.T) {
	for name, call := range map[string]func(context.Context, *move.Operator) error{
		"a verification": func(ctx context.Context, o *move.Operator) error { return o.Verify(ctx, clean{}, naming.Green) },
		"a start":        func(ctx context.Context, o *move.Operator) error { return o.Start(ctx, naming.Blue, "") },
	} {
		for _, refused := range []string{"", "lane core.fwd is not there"} {
			t.Run(name+" "+refused, func(t *testing.T) {
				d, said := &backDesk{refused: refused}, &strings.Builder{}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				plan := &bgsync.Plan{Lane: "core.rev", Tables: make([]bgsync.TablePlan, 1)}
				o := &move.Operator{
					Desk: d, Lanes: stopping{cancel}, Store: store(t, naming.Blue, ""), By: "ann", Now: time.Now,
					Plan: func(string) (*bgsync.Plan, error) { return plan, nil },
					Say:  func(format string, args ...any) { _, _ = fmt.Fprintf(said, format+"\n", args...) },
				}
				err := call(ctx, o)
				last := d.asked[len(d.asked)-1]
				assert.Equal(t, desk.Request{Act: desk.Return, To: naming.Blue, Plan: plan, By: "ann"}, last)
				if refused == "" {
					require.ErrorContains(t, err, "stopped watching", "it was started")
					return
				}
				require.Equal(t, fault.Gate, fault.CodeOf(err))
				require.EqualError(t, err, "lane core.fwd is not there\n  mend it with: go tool mage migrate:start, then go tool mage migrate:verify")
			})
		}
	}
}
