package reader

import (
	"fmt"
	"time"

	"github.com/jackc/pglogrepl"

	"github.com/cutover/cutover/projects/migration/lane/change"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
)

// TornError tells that the source does not show again the transaction of which
// the target has a part.
type TornError struct {
	Part checkpoint.Part
	What string
}

// Error names the transaction and what was found.
func (e *TornError) Error() string {
	return fmt.Sprintf("the transaction at %s, of which %d changes up to %s are applied: %s", e.Part.Commit, e.Part.Index, e.Part.Change, e.What)
}

// skip passes over what the target has already of a transaction.
type skip struct {
	// part is what is to be passed over; zero when there is nothing left of it.
	part checkpoint.Part
	// began is when the stream started, took what passing over took.
	began time.Time
	took  time.Duration
}

// pending tells whether the transaction under way is still passed over.
func (d *Decoder) pending() bool { return d.skip.part.Index > 0 && d.current != nil }

// expect checks that the first transaction of the stream is the one that the
// target has a part of.
func (d *Decoder) expect(m *pglogrepl.BeginMessage) error {
	if d.skip.part.Index == 0 || m.FinalLSN < d.from || m.FinalLSN == d.skip.part.Commit {
		return nil
	}
	return &TornError{Part: d.skip.part, What: fmt.Sprintf("the stream goes on with the transaction at %s", m.FinalLSN)}
}

// pass takes a row message without decoding its values: only its kind counts, for
// the transaction's class.
func (d *Decoder) pass(log pglogrepl.XLogData) (bool, error) {
	if len(log.WALData) == 0 || !d.pending() || d.current.Transaction.Commit != d.skip.part.Commit {
		return false, nil
	}
	m, found, err := split(log.WALData)
	switch {
	case err != nil:
		return false, &TornError{Part: d.skip.part, What: err.Error()}
	case found:
		from, known := d.relations[m.relation]
		if !known {
			return false, &TornError{Part: d.skip.part, What: "a row before its description"}
		}
		d.current.Skipped.Add(from.kind)
	case pglogrepl.MessageType(log.WALData[0]) == pglogrepl.MessageTypeTruncate:
		message, err := pglogrepl.Parse(log.WALData)
		if err != nil {
			return false, fmt.Errorf("parse message at %s: %w", log.WALStart, err)
		}
		truncated, is := message.(*pglogrepl.TruncateMessage)
		if !is {
			return false, fmt.Errorf("parse message at %s: a %s, expected a TRUNCATE", log.WALStart, message.Type())
		}
		items, err := d.truncate(truncated, d.change(change.Truncate, log.WALStart))
		if err != nil {
			return false, err
		}
		for i := range items {
			d.current.Skipped.Add(items[i].Kind)
		}
	default:
		return false, nil
	}
	d.ordinal++
	return true, d.passed(log.WALStart)
}

// passed ends the passing over at the last change that the target has, which must
// be the one that it was.
func (d *Decoder) passed(at pglogrepl.LSN) error {
	if d.ordinal < d.skip.part.Index {
		return nil
	}
	if at != d.skip.part.Change {
		return &TornError{Part: d.skip.part, What: fmt.Sprintf("its last applied change stands at %s", at)}
	}
	d.skip.part = checkpoint.Part{}
	d.skip.took = time.Since(d.skip.began)
	return nil
}

// mark notes a marker, in the place in which it came.
func (d *Decoder) mark() {
	if d.pending() {
		d.current.Skipped.Add(change.Marker)
		return
	}
	d.current.Items = append(d.current.Items, change.Item{Kind: change.Marker})
}
