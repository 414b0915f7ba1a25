package reshape

import "bytes"

// visit takes an action and its result.
type visit func(action string, next State)

// Next lists what can happen. Processes of one kind are alike: states that differ in
// which of two stands where are one.
func (m Model) Next(s State, report func(action string, next State)) {
	see := func(action string, next State) {
		if next.Runners[0].above(next.Runners[1]) {
			next.Runners[0], next.Runners[1] = next.Runners[1], next.Runners[0]
		}
		if next.Operators[0].above(next.Operators[1]) {
			next.Operators[0], next.Operators[1] = next.Operators[1], next.Operators[0]
		}
		report(action, next)
	}
	m.writer(s, see)
	m.hands(s, see)
	for p := range runners {
		m.runner(s, p, see)
	}
	for p := range workers {
		m.operator(s, p, see)
	}
	for source, l := range s.Lanes {
		if l.Halted {
			next := s
			next.Lanes[source].Halted = false
			see("resume", next)
		}
	}
}

func (r Runner) above(o Runner) bool { return bytes.Compare(r.bytes(), o.bytes()) > 0 }

func (r Runner) bytes() []byte {
	return append([]byte{r.At, r.Position, r.Known, r.On, r.To, r.Tables}, r.Seen[:]...)
}

func (o Operator) above(other Operator) bool {
	return bytes.Compare([]byte{o.At, o.Change, o.Column, o.Former, o.Shape}, []byte{other.At, other.Change, other.Column, other.Former, other.Shape}) > 0
}

// log appends an event. The bound is never met by the numbers of events that models
// allow; an event beyond it would be lost without a word.
func (s *State) log(side, kind uint8) {
	if int(s.Len[side]) == events {
		panic("the log of the model is too short for its bounds")
	}
	s.Log[side][s.Len[side]] = Event{Kind: kind, Shape: s.Catalog[side]}
	s.Len[side]++
}

// write puts the number of the log's last event into all columns of the row.
func (s *State) write() {
	for column := range columns {
		if s.Catalog[authority]&(1<<column) != 0 {
			s.Rows[authority][column] = s.Len[authority]
		}
	}
}

// writer writes on the authority.
func (m Model) writer(s State, see visit) {
	written := 0
	for _, e := range s.Log[authority] {
		if e.Kind == row {
			written++
		}
	}
	if written == m.Writes {
		return
	}
	next := s
	next.log(authority, row)
	next.write()
	see("write", next)
}

// hands change a table once without the commands.
func (m Model) hands(s State, see visit) {
	if m.By == Nobody || s.Unplanned {
		return
	}
	for side := range uint8(sides) {
		next := s
		next.Unplanned = true
		switch {
		case m.By == Hasty && side == authority && s.Catalog[authority]&second == 0:
			next.Catalog[side] |= second
			next.log(side, entry)
		case m.By == Mixed && side == authority && s.Catalog[passive] > s.Catalog[authority]:
			next.Foreign = true
			next.Catalog[side] = s.Catalog[passive]
			next.log(side, mixed)
			next.write()
		case m.By == Other:
			next.Foreign = true
			next.Catalog[side] |= odd
			next.log(side, entry)
		case m.By == Silent && side == authority:
			next.Foreign = true
			next.Catalog[side] |= odd
		default:
			continue
		}
		see("change by hand", next)
	}
}
