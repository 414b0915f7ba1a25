package ops

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/fault"
)

// clearWay deals with what an interrupted run left on a stack: locks, and
// operations whose outcome nobody wrote down. Without -resume it changes nothing
// and says what stands in the way.
func (r *run) clearWay(ctx context.Context, request engine.Request) error {
	if err := r.clearLocks(ctx, request.Stack); err != nil {
		return err
	}
	state, err := r.engine.State(ctx, request.Stack)
	if err != nil || len(state.Pending) == 0 {
		return err
	}
	if r.set.Resume {
		return r.settle(ctx, request, state.Pending)
	}
	for _, p := range state.Pending {
		if p.Creating() {
			return fault.New(fault.Resource, "%s: the creation of %s (%s) was interrupted, it may exist without being in the state",
				request.Layer, p.Name, p.Type).WithHint("%s (looks for it and takes it over)", r.resumeCommand())
		}
	}
	return nil
}

// clearLocks returns when the stack is free. A resumed run waits for a process of
// this machine that still finishes its work, and releases locks whose process is
// provably gone; it breaks no other.
func (r *run) clearLocks(ctx context.Context, s engine.Stack) error {
	for deadline, said := time.Now().Add(r.patience()), false; ; {
		locks, _, err := r.engine.Locks(ctx, s)
		if err != nil || len(locks) == 0 {
			return err
		}
		if !r.set.Resume {
			return r.refuse(s, locks)
		}
		busy, err := r.releaseDead(ctx, s, locks)
		if err != nil || len(busy) == 0 {
			return err
		}
		if busy[0].Owner() == engine.Elsewhere || !time.Now().Before(deadline) {
			return engine.Locked(&engine.LockedError{Layer: s.Layer, Locks: busy}, s.Env)
		}
		if !said {
			said = true
			r.con.Say(string(s.Layer), "waiting for %s, which finishes what the interrupted run left in flight", busy[0])
		}
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
	}
}

func (r *run) refuse(s engine.Stack, locks []engine.Lock) error {
	locked := &engine.LockedError{Layer: s.Layer, Locks: locks}
	for _, l := range locks {
		if l.Owner() != engine.Dead {
			return engine.Locked(locked, s.Env)
		}
	}
	return (&fault.Error{Code: fault.Locked, Err: locked}).
		WithHint("%s (releases locks whose process is gone, and no other)", r.resumeCommand())
}

// releaseDead releases the locks whose process is gone and returns the others.
func (r *run) releaseDead(ctx context.Context, s engine.Stack, locks []engine.Lock) (busy []engine.Lock, err error) {
	for _, l := range locks {
		if l.Owner() != engine.Dead {
			busy = append(busy, l)
			continue
		}
		if err := r.engine.Release(ctx, s, l); err != nil {
			return nil, err
		}
		r.con.Say(string(s.Layer), "released a stale lock: it was taken by %s, and that process is gone", l)
		if err := r.auditAction("release-stale-lock:"+string(s.Layer), "succeeded", l.String(), engine.Changes{}); err != nil {
			return nil, err
		}
	}
	return busy, nil
}

// Finder looks in AWS for a resource whose creation was interrupted.
type Finder interface {
	// Find returns the ids, as the state would hold them, of the resources that
	// answer to what was to be created; none when nothing was made. An error says
	// that it cannot be told for this type, or could not be found out now.
	Find(ctx context.Context, p engine.Pending) (ids []string, err error)
}

// settle takes over what interrupted creations made, so that no second one is
// made, and forgets those that made nothing.
func (r *run) settle(ctx context.Context, request engine.Request, pending []engine.Pending) error {
	layer := string(request.Layer)
	found := map[string]string{}
	request.Targets = nil
	var unclear []string
	for _, p := range pending {
		request.Targets = append(request.Targets, p.URN)
		if !p.Creating() {
			r.con.Say(layer, "%s was interrupted while %s: reading it again", p.Name, p.Op)
			continue
		}
		id, err := r.find(ctx, p)
		switch {
		case err != nil:
			unclear = append(unclear, fmt.Sprintf("%s (%s): %v", p.Name, p.URN, err))
		case id == "":
			r.con.Say(layer, "%s (%s) was interrupted before it was made", p.Name, p.Type)
		default:
			found[p.URN] = id
			r.con.Say(layer, "%s (%s) was made as %s: taking it over", p.Name, p.Type, id)
		}
	}
	if len(unclear) > 0 {
		return fault.New(fault.Resource, "%s: cannot tell whether interrupted creations made something:\n%s", layer, strings.Join(unclear, "\n")).
			WithHint("look in AWS; then, in projects/%s, pulumi refresh --stack %s --import-pending-creates URN --import-pending-creates ID for one that exists, or --clear-pending-creates",
				layer, request.Env)
	}
	if _, err := r.engine.Settle(ctx, request, found); err != nil {
		return fmt.Errorf("settle interrupted operations of %s: %w", layer, err)
	}
	return r.auditAction("settle:"+layer, "succeeded", fmt.Sprintf("%d interrupted, %d taken over", len(pending), len(found)), engine.Changes{})
}

// find returns the id of what an interrupted creation made, or "".
func (r *run) find(ctx context.Context, p engine.Pending) (string, error) {
	ids, err := r.app.ports.Orphans(r.cloud).Find(ctx, p)
	if err != nil {
		return "", err
	}
	var strangers []string
	for _, id := range ids {
		if !slices.Contains(p.IDs, id) {
			strangers = append(strangers, id)
		}
	}
	switch len(strangers) {
	case 0:
		return "", nil
	case 1:
		return strangers[0], nil
	default:
		return "", fmt.Errorf("several answer to it: %s", strings.Join(strangers, ", "))
	}
}
