package steering

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/traffic"
)

// Situation is what is known before something is moved.
type Situation struct {
	Place traffic.Place
	Real  Reality
	// Record is the last decision; nil when there is none, or none that could be
	// read.
	Record *traffic.Record
	// RecordErr tells that the control table did not answer; Record is the copy
	// beside the state then, if there is one.
	RecordErr error
	// Ahead tells that Record is the copy beside the state, newer than the table's:
	// a rollback could not reach the table. Behind is the revision that the table
	// has.
	Ahead  bool
	Behind int64
}

// Explained tells whether the last decision accounts for what Route 53 has.
func (s Situation) Explained() bool {
	return (s.Record != nil || s.RecordErr == nil) && (s.Record == nil || s.Record.Explains(s.Real.Split()))
}

// documents in the vault.
const (
	placeDocument  = "place.json"
	recordDocument = "traffic.json"
)

// Look finds out where the traffic is and what was decided last, side by side. A
// control table that does not answer is part of the situation, not an error.
func (c *Controller) Look(ctx context.Context) (Situation, error) {
	var s Situation
	var table *traffic.Record
	var group sync.WaitGroup
	group.Go(func() { table, s.RecordErr = c.latest(ctx) })
	var lookErr error
	group.Go(func() { s.Place, s.Real, lookErr = c.Find(ctx) })
	group.Wait()
	if lookErr != nil {
		return s, lookErr
	}
	s.Record = table
	if table != nil {
		s.Behind = table.Rev
	}
	return c.withCopy(ctx, s)
}

// withCopy puts the copy beside the state in the place of a record that is older
// and does not account for what Route 53 has, while the copy does.
func (c *Controller) withCopy(ctx context.Context, s Situation) (Situation, error) {
	found, err := c.copied(ctx)
	if errors.Is(err, ErrAbsent) || err != nil && s.Record != nil {
		return s, nil
	}
	if err != nil {
		s.RecordErr = errors.Join(s.RecordErr, err)
		return s, nil
	}
	real := s.Real.Split()
	if s.RecordErr != nil { // who may not read the table, as the pipeline, reads the copy
		s.Record = found
		return s, nil //nolint:nilerr // RecordErr has it
	}
	older := s.Record == nil || found.Since.After(s.Record.Since)
	if older && found.Explains(real) && (s.Record == nil || !s.Record.Explains(real)) {
		s.Record, s.Ahead = found, true
	}
	return s, nil
}

// latest reads the last decision from the table; nil when there is none.
func (c *Controller) latest(ctx context.Context) (*traffic.Record, error) {
	item, err := c.Table.Get(ctx, control.TrafficItem)
	if errors.Is(err, ErrAbsent) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	record, err := traffic.DecodeRecord(item.Rev, item.Fields)
	if err != nil {
		return nil, err
	}
	return &record, nil
}

// copied reads the copy of the last decision beside the state.
func (c *Controller) copied(ctx context.Context) (*traffic.Record, error) {
	text, err := c.Vault.Read(ctx, recordDocument)
	if err != nil {
		return nil, err
	}
	var found traffic.Record
	if err := json.Unmarshal(text, &found); err != nil {
		return nil, fmt.Errorf("read %s beside the state: %w", recordDocument, err)
	}
	return &found, nil
}

// Find returns where the traffic is moved and what stands there. The document
// beside the state saves a call and knows a colour's entrance when its record is
// gone; without it, or when it tells of a zone that is no more, Route 53 is asked
// for the zone of the domain.
func (c *Controller) Find(ctx context.Context) (traffic.Place, Reality, error) {
	place, err := c.remembered(ctx)
	if err == nil {
		real, err := c.DNS.Observe(ctx, place)
		if err == nil || !errors.Is(err, ErrAbsent) {
			return place, real, err
		}
	}
	zone := c.Site.ZoneID
	if zone == "" {
		if zone, err = c.DNS.Find(ctx, c.Site.Domain); err != nil {
			return traffic.Place{}, Reality{}, missing(err)
		}
	}
	place = traffic.Place{ZoneID: zone, PublicName: c.Site.PublicName}
	real, err := c.DNS.Observe(ctx, place)
	return place, real, missing(err)
}

func missing(err error) error {
	if errors.Is(err, ErrAbsent) {
		return fault.Wrap(fault.NoStack, err)
	}
	return err
}

// remembered reads the place that the last deployment left. It counts only for
// the public name that configuration has now.
func (c *Controller) remembered(ctx context.Context) (traffic.Place, error) {
	text, err := c.Vault.Read(ctx, placeDocument)
	if err != nil {
		return traffic.Place{}, err
	}
	var place traffic.Place
	if err := json.Unmarshal(text, &place); err != nil {
		return traffic.Place{}, fmt.Errorf("read %s beside the state: %w", placeDocument, err)
	}
	if place.PublicName != c.Site.PublicName || place.ZoneID == "" {
		return traffic.Place{}, fmt.Errorf("%s beside the state is about %s: %w", placeDocument, place.PublicName, ErrAbsent)
	}
	return place, nil
}
