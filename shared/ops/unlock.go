package ops

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/fault"
)

// Unlock removes the locks of one layer's stack, after showing whose they are.
// Nothing else in this package breaks a lock whose owner may be alive.
func (a *App) Unlock(ctx context.Context, layer contract.Layer) error {
	s, err := a.open(ctx, "unlock:"+string(layer))
	if err != nil {
		return err
	}
	if s.set.Reason == "" && !s.env.Local {
		return fault.New(fault.Usage, "%s in %s needs a reason: it goes into the audit trail", s.target, s.env.Name).
			WithHint("%s -reason='…'", s.set.Command(s.target))
	}
	if err := s.equip(ctx); err != nil {
		return err
	}
	stack := s.stack(string(layer), os.DevNull)
	locks, known, err := s.engine.Locks(ctx, stack)
	if err != nil {
		return err
	}
	if known && len(locks) == 0 {
		return a.print(fmt.Sprintf("[%s] not locked\n", layer))
	}
	if err := s.confirmUnlock(ctx, layer, locks); err != nil {
		return err
	}
	unlockErr := s.engine.Unlock(ctx, stack)
	result := "succeeded"
	if unlockErr != nil {
		result = "failed"
	}
	if err := a.store.Append(s.auditEntry(s.target, result, tellLocks(locks), engine.Changes{})); err != nil {
		return err
	}
	if unlockErr != nil {
		return unlockErr
	}
	return a.print(fmt.Sprintf("[%s] unlocked\n", layer))
}

func (s *session) confirmUnlock(ctx context.Context, layer contract.Layer, locks []engine.Lock) error {
	holders := "a holder that the backend does not name"
	if len(locks) > 0 {
		holders = tellLocks(locks)
	}
	question := fmt.Sprintf("[%s] locked by %s\na process that is still at work would go on without the lock; release it?", layer, holders)
	if s.set.Yes {
		s.con.Block(question + " yes")
		return nil
	}
	if !s.app.ports.Terminal {
		agreed := s.set
		agreed.Yes = true
		return fault.New(fault.Usage, "nobody is there to confirm: %s", question).WithHint("%s", agreed.Command(s.target))
	}
	return s.ask.Confirm(ctx, question)
}

func tellLocks(locks []engine.Lock) string {
	holders := make([]string, len(locks))
	for i, l := range locks {
		holders[i] = fmt.Sprintf("%s, %s", l, l.Owner())
	}
	return strings.Join(holders, "; ")
}
