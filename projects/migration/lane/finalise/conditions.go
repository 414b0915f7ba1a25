package finalise

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// openSQL counts what waits for somebody, on one side.
const openSQL = `
SELECT a.side, a.epoch, a.writable, a.attempt IS NOT NULL, extract(epoch FROM pg_catalog.clock_timestamp() - a.changed_at)::float8,
  (SELECT count(*) FROM bgsync.conflict WHERE state = 'open') + (SELECT count(*) FROM bgsync.quarantine WHERE state = 'open') + (SELECT count(*) FROM bgsync.repair),
  (SELECT count(*) FROM bgsync.ddl_freeze) + (SELECT count(*) FROM bgsync.arming),
  (SELECT count(*) FROM bgsync.schema_change WHERE state = 'planned'),
  (SELECT count(*) FROM bgsync.lane WHERE state NOT IN ('running', 'retired') OR part_lsn IS NOT NULL)
FROM bgsync.authority a`

// side is what a side says.
type side struct {
	color                                naming.Color
	epoch                                int64
	writable, bound                      bool
	age                                  float64
	decisions, armed, changes, unsettled int64
}

// conditions asks for all that must hold, and joins what does not.
func (f *Finaliser) conditions(ctx context.Context, token items.Token, sw items.Switch) ([]switching.Gate, error) {
	gates := []switching.Gate{
		switching.Held("switch", sw.State == items.Steady && token.ProofID != "", "state %s after attempt %q; expected %s after a switch", sw.State, token.ProofID, items.Steady),
		switching.Held("token", token.Phase == items.PhaseOpen, "phase %s; expected %s", token.Phase, items.PhaseOpen),
		switching.Held("untrusted", sw.Untrusted == "", "side %q was left by force; expected none: make it anew", sw.Untrusted),
		f.proven(ctx, token, sw),
	}
	for _, color := range naming.Colors() {
		var s side
		err := f.Sides[color].QueryRow(ctx, openSQL).Scan(&s.color, &s.epoch, &s.writable, &s.bound, &s.age, &s.decisions, &s.armed, &s.changes, &s.unsettled)
		if err != nil {
			gates = append(gates, switching.Unanswered("side-"+string(color), err))
			continue
		}
		holder := color == token.Holder
		gates = append(gates,
			switching.Held("authority-"+string(color), s.color == color && s.writable == holder && !s.bound && s.epoch == token.Epoch,
				"%s, writable %t, attempt %t, epoch %d; expected %s, %t, false, %d", s.color, s.writable, s.bound, s.epoch, color, holder, token.Epoch),
			switching.Held("decisions-"+string(color), s.decisions == 0, "%d conflicts, quarantined rows and repairs; expected 0", s.decisions),
			switching.Held("armed-"+string(color), s.armed == 0, "%d traces of an armed switch; expected 0", s.armed),
			switching.Held("schema-change-"+string(color), s.changes == 0, "%d planned changes that are not done; expected 0", s.changes),
			switching.Held("lanes-"+string(color), s.unsettled == 0, "%d lanes that do not run, or are torn; expected 0", s.unsettled))
		if holder {
			age := time.Duration(s.age * float64(time.Second))
			gates = append(gates, switching.Held("reverse-window", age >= f.Window, "%s since the authority moved; expected %s", age.Round(time.Second), f.Window))
		}
	}
	var closed []string
	for _, g := range gates {
		if g.Verdict != switching.Pass {
			closed = append(closed, fmt.Sprintf("%s: %s", g.Name, g.Detail))
		}
	}
	if len(closed) > 0 {
		return gates, fmt.Errorf("%w: %s", ErrNotYet, strings.Join(closed, "; "))
	}
	return gates, nil
}

// proven asks for the record of the switch that made the holder, which need not be the
// last attempt: it must be stored, signed, and of a switch that was shown to be without
// loss. After a forced decision the side that was left must have been made anew: what was
// lost is lost, in the record and in its confirmations, and both sides are equal again.
func (f *Finaliser) proven(ctx context.Context, token items.Token, sw items.Switch) switching.Gate {
	body, err := f.Proofs.Get(ctx, token.ProofID)
	if err != nil {
		return switching.Unanswered("proof", err)
	}
	record, err := proof.Open(ctx, f.Signer, body)
	if err != nil {
		return switching.Unanswered("proof", err)
	}
	return switching.Held("proof", record.Outcome == "switched" || sw.Rebuilt == token.ProofID,
		"outcome %q; expected %q, or that the side which was left is made anew", record.Outcome, "switched")
}
