package steering

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/traffic"
)

// recordPatience bounds how long a rollback waits for the control table.
const recordPatience = 3 * time.Second

// Return moves traffic in the order of an emergency: records and health checks
// first, then the record. It asks no gate and needs neither the control table nor
// the vault; where the decision could not be written, the outcome says so. When
// everything is as decided it changes nothing.
func (c *Controller) Return(ctx context.Context, s Situation, d Decision) (Outcome, error) {
	out := Outcome{Before: s.Real.Split(), After: d.To, Changed: !s.Real.Is(d.To)}
	var err error
	if out.Took, out.Change, err = c.converge(ctx, s.Place, s.Real, d.To); err != nil {
		return out, err
	}
	if err := c.at("returned"); err != nil {
		return out, err
	}
	if !out.Changed && c.known(s, d) {
		return out, nil
	}
	out.Unrecorded = c.recordAnyhow(ctx, s, d, out)
	return out, nil
}

// known tells whether the last record is this very decision, carried out.
func (c *Controller) known(s Situation, d Decision) bool {
	r := s.Record
	return r != nil && s.RecordErr == nil && !s.Ahead && r.To == d.To && r.Phase == traffic.Settled && (r.Hold != "") == (d.Hold != "")
}

// recordAnyhow writes the decision wherever it can and tells where it could not.
// An emergency wins over whoever decided something else meanwhile.
func (c *Controller) recordAnyhow(ctx context.Context, s Situation, d Decision, out Outcome) []string {
	record := c.record(s, d)
	record.Phase, record.Change = traffic.Settled, out.Change
	var failed []string
	if err := c.overwrite(ctx, &record); err != nil {
		failed = append(failed, fmt.Sprintf("the control table: %v", err))
	}
	if err := c.copyRecord(ctx, record); err != nil {
		failed = append(failed, fmt.Sprintf("the copy beside the state: %v", err))
	}
	return failed
}

// overwrite puts the record on top of whatever stands in the table.
func (c *Controller) overwrite(ctx context.Context, record *traffic.Record) error {
	ctx, cancel := context.WithTimeout(ctx, recordPatience)
	defer cancel()
	var err error
	for range 3 {
		var former *traffic.Record
		if former, err = c.latest(ctx); err != nil {
			return err
		}
		record.Rev = 1
		if former != nil {
			record.Rev = former.Rev + 1
		}
		if err = c.put(ctx, *record); !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return err
}

// write puts a record on top of the one that was read and keeps the copy beside
// the state. The table decides; a copy that fails is the next command's to mend.
func (c *Controller) write(ctx context.Context, s Situation, record traffic.Record) error {
	if s.RecordErr != nil {
		return s.RecordErr
	}
	if err := c.put(ctx, record); err != nil {
		return err
	}
	if err := c.copyRecord(ctx, record); err != nil && !errors.Is(err, ErrAbsent) {
		return fmt.Errorf("the control table has the decision, the copy beside the state has not: %w", err)
	}
	return nil
}

// put writes the record and its line of the history together.
func (c *Controller) put(ctx context.Context, record traffic.Record) error {
	fields, err := record.Fields()
	if err != nil {
		return err
	}
	return c.Table.Put(ctx,
		Item{Key: control.TrafficItem, Rev: record.Rev, Fields: fields},
		Item{Key: control.TrafficLine(record.Rev), Rev: 1, Fields: fields})
}

func (c *Controller) copyRecord(ctx context.Context, record traffic.Record) error {
	text, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("write %s: %w", recordDocument, err)
	}
	return c.Vault.Write(ctx, recordDocument, text)
}

// History reads the last lines of the history, newest first.
func (c *Controller) History(ctx context.Context, limit int) ([]traffic.Record, error) {
	latest, err := c.latest(ctx)
	if err != nil || latest == nil {
		return nil, err
	}
	var lines []traffic.Record
	for rev := latest.Rev; rev > 0 && len(lines) < limit; rev-- {
		item, err := c.Table.Get(ctx, control.TrafficLine(rev))
		if err != nil {
			return lines, fmt.Errorf("line %d of the history: %w", rev, err)
		}
		record, err := traffic.DecodeRecord(rev, item.Fields)
		if err != nil {
			return lines, err
		}
		lines = append(lines, record)
	}
	return lines, nil
}
