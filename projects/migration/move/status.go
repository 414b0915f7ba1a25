package move

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/gauge"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// LaneStatus is one lane on the status page.
type LaneStatus struct {
	function.Progress
	// Wanted tells that the lane is to run.
	Wanted bool `json:"wanted"`
	// Known tells that it has told anything about itself.
	Known bool `json:"known"`
	// Stale tells that it has not, for longer than a live one is silent.
	Stale bool   `json:"stale"`
	Error string `json:"error,omitempty"`
	// Gate is how the lane stands before the gate of the lag; nil where no cutover asks it.
	Gate *Gate `json:"lagGate,omitempty"`
}

// Status is what the control store says about a migration.
type Status struct {
	Lanes []LaneStatus `json:"lanes"`
	// Token says who may write; nil before the first start.
	Token *items.Token `json:"authority"`
	// Switch is the change of authority in progress, or the last one.
	Switch *items.Switch `json:"switch"`
	// Problems are items that could not be read.
	Problems []string `json:"problems,omitempty"`
	// Alarms says that the silence of lanes would be told to nobody; "" for nothing to
	// say.
	Alarms string `json:"alarms,omitempty"`
}

// Err joins what could not be read; nil for nothing.
func (s Status) Err() error {
	var problems []error
	for _, l := range s.Lanes {
		if l.Error != "" {
			problems = append(problems, fmt.Errorf("lane %s: %s", l.Lane, l.Error))
		}
	}
	for _, problem := range s.Problems {
		problems = append(problems, errors.New(problem))
	}
	return errors.Join(problems...)
}

// Wanted are the lanes that are to run and have told of themselves.
func (s Status) Wanted() []string {
	var lanes []string
	for _, l := range s.Lanes {
		if l.Known && l.Wanted && l.State != checkpoint.Retired {
			lanes = append(lanes, l.Lane)
		}
	}
	return lanes
}

// silence is after which time a lane that says nothing is not at work.
const silence = time.Minute

// ReadStatus reads all of it. What cannot be read stands in the status: it is asked
// for when something is wrong.
func ReadStatus(ctx context.Context, store control.Store, now time.Time) Status {
	var s Status
	for _, to := range []naming.Color{desk.First.Other(), desk.First} {
		s.Lanes = append(s.Lanes, laneStatus(ctx, store, function.Lane(to), now))
	}
	if item, known := s.item(ctx, store, items.AuthorityItem); known {
		token, err := items.DecodeToken(item.Rev, item.Fields)
		if s.problem(items.AuthorityItem, err) {
			s.Token = &token
		}
	}
	if item, known := s.item(ctx, store, items.SwitchItem); known {
		change, err := items.DecodeSwitch(item.Rev, item.Fields)
		if s.problem(items.SwitchItem, err) {
			s.Switch = &change
		}
	}
	if s.Switch != nil && s.Switch.State == items.Finalised {
		for i := range s.Lanes {
			s.Lanes[i].retire()
		}
	}
	for i := range s.Lanes {
		s.Lanes[i].ask(s.Token, now)
	}
	return s
}

// retire makes it the status of a lane whose migration has ended: what it has said
// last is of no account any more.
func (l *LaneStatus) retire() {
	if l.Known {
		l.State, l.Followed, l.Stale = checkpoint.Retired, false, false
	}
}

// item reads one item; known is false when it is absent or cannot be read.
func (s *Status) item(ctx context.Context, store control.Store, key string) (item control.Item, known bool) {
	item, err := store.Get(ctx, key)
	if isAbsent(err) {
		return item, false
	}
	return item, s.problem(key, err)
}

// problem notes an error; true means there was none.
func (s *Status) problem(key string, err error) bool {
	if err != nil {
		s.Problems = append(s.Problems, fmt.Sprintf("item %s: %v", key, err))
	}
	return err == nil
}

func laneStatus(ctx context.Context, store control.Store, name string, now time.Time) LaneStatus {
	status := LaneStatus{}
	status.Lane = name
	wanted, err := function.Wanted(ctx, store, name)
	if err != nil {
		status.Error = err.Error()
		return status
	}
	status.Wanted = wanted
	gone, err := function.Dismissed(ctx, store, name)
	if err != nil {
		status.Error = err.Error()
	}
	if err != nil || gone {
		return status
	}
	p, absent, err := function.ReadProgress(ctx, store, name)
	if err != nil {
		status.Error = err.Error()
		return status
	}
	if !absent {
		status.Progress, status.Known = p, true
		status.Stale = now.Sub(p.At) > silence
	}
	return status
}

// String is the page for a person.
func (s Status) String() string {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "lane\tstate\tbehind\tbase\tnotes")
	for _, l := range s.Lanes {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", l.Lane, l.state(), l.behind(), l.base(), strings.Join(l.notes(), "; "))
	}
	_ = table.Flush() // into memory
	fmt.Fprintf(&b, "authority: %s\nswitch: %s\n", s.authority(), s.change())
	if left := s.left(); left != "" {
		fmt.Fprintf(&b, "left by force: %s\n", left)
	}
	for _, next := range s.next() {
		fmt.Fprintf(&b, "next: %s\n", next)
	}
	if s.Alarms != "" {
		fmt.Fprintf(&b, "alarms: %s\n", s.Alarms)
	}
	for _, problem := range s.Problems {
		fmt.Fprintf(&b, "cannot be read: %s\n", problem)
	}
	return b.String()
}

func (l LaneStatus) state() string {
	if !l.Known {
		return "none"
	}
	return string(l.State)
}

func (l LaneStatus) behind() string {
	if !l.Known || !l.Followed {
		return ""
	}
	return fmt.Sprintf("%.1f s, %s", l.LagSeconds, size(l.LagBytes))
}

// base is what the lane began with: a clone of the source, a copy of its rows, or for a
// lane back the rows that were there; tables that were loaded anew come with a copy.
func (l LaneStatus) base() string {
	switch {
	case !l.Known:
		return ""
	case l.Cloned && l.ChunksLoaded+l.ChunksPlanned == 0:
		return "clone"
	case l.ChunksLoaded+l.ChunksPlanned == 0 && !l.Followed:
		return ""
	case l.ChunksLoaded+l.ChunksPlanned == 0:
		return "the rows that were there"
	}
	loaded := fmt.Sprintf("copy: %s rows, %s, %d of %d chunks", thousands(l.Rows), size(l.Bytes), l.ChunksLoaded, l.ChunksLoaded+l.ChunksPlanned)
	if l.Cloned {
		return "clone, with tables loaded anew by " + loaded
	}
	return loaded
}

func (l LaneStatus) notes() []string {
	var notes []string
	switch {
	case l.Error != "":
		return []string{l.Error}
	case !l.Known && l.Wanted:
		return []string{"started, nothing heard of it yet"}
	case !l.Known, l.State == checkpoint.Retired:
		return nil
	}
	if l.Halt != "" {
		notes = append(notes, strings.TrimSuffix("halt "+string(l.Halt)+": "+l.Reason, ": "))
	}
	if rate := l.Rate(); l.State == checkpoint.Loading && rate.BytesPerSecond > 0 {
		notes = append(notes, fmt.Sprintf("%s/s, %s to %s left", size(int64(rate.BytesPerSecond)),
			rate.RemainingLow.Round(time.Second), rate.RemainingHigh.Round(time.Second)))
	}
	if words := chase(l.Progress); l.State == checkpoint.CatchingUp && words != "" && !l.Stale {
		notes = append(notes, words)
	}
	for _, wait := range l.Waits {
		if !l.Stale {
			notes = append(notes, wait.String())
		}
	}
	if l.Gate != nil {
		notes = append(notes, l.Gate.String())
	}
	if l.Verification != nil {
		notes = append(notes, compared(*l.Verification)...)
	}
	if l.Throttle != nil && l.Throttle.Withheld > 0 && !l.Stale {
		notes = append(notes, slowed(l.Throttle))
	}
	for _, count := range []struct {
		n    int64
		what string
	}{{l.Conflicts, "conflicts"}, {l.Quarantine, "rows in quarantine"}, {l.Repairs, "repairs asked for"}} {
		if count.n > 0 {
			notes = append(notes, fmt.Sprintf("%d %s", count.n, count.what))
		}
	}
	if len(l.Unplanned) > 0 {
		notes = append(notes, fmt.Sprintf("tables of its source that no lane carries, and no switch passes by: %s; exclude them in tables.yaml and %spreflight%s, or make a new lane",
			strings.Join(l.Unplanned, ", "), target, toward(l.to())))
	}
	if !l.Wanted {
		notes = append(notes, "paused")
	}
	if l.Stale {
		notes = append(notes, fmt.Sprintf("silent since %s: nothing runs it", l.At.Local().Format(time.DateTime)))
	}
	return notes
}

// slowed says how far the load or a comparison is throttled, by which inputs, with the
// value and the limit of each, and since when nothing may begin.
func slowed(t *gauge.Throttle) string {
	text := fmt.Sprintf("throttled to %.0f %%", 100*(1-t.Withheld))
	if !t.Since.IsZero() {
		text = "held by the throttle since " + t.Since.Local().Format(time.DateTime)
	}
	over := make([]string, 0, len(t.Over()))
	for _, reading := range t.Over() {
		over = append(over, reading.String())
	}
	switch {
	case len(over) > 0:
		text += ": " + strings.Join(over, ", ")
	case t.Duty < 1:
		text += ": to compare, as clients are at work on the source"
	}
	return text
}

// authority is the token on one line.
func (s Status) authority() string {
	if s.Token == nil {
		return "no token yet; blue writes until the first switch"
	}
	holder := string(s.Token.Holder)
	if holder == "" {
		holder = "nobody"
	}
	return fmt.Sprintf("%s writes, epoch %d, phase %s", holder, s.Token.Epoch, s.Token.Phase)
}

// change is the switch on one line.
func (s Status) change() string {
	if s.Switch == nil {
		return "none yet"
	}
	c := s.Switch
	text := fmt.Sprintf("%s, from %s to %s, epoch %d", c.State, c.From, c.To, c.Epoch)
	if c.Reason != "" {
		text += ", because: " + c.Reason
	}
	switch {
	case c.LastError != "" && c.State == items.Arming:
		text += "; waits: " + c.LastError
	case c.LastError != "":
		text += "; last error: " + c.LastError
	}
	if c.ProofID != "" {
		text += "; proof " + c.ProofID
	}
	return text
}

func isAbsent(err error) bool { return errors.Is(err, control.ErrAbsent) }
