package reshape

import "math/bits"

// lane is the number of the lane, which is its source, that an invocation runs.
func lane(p int) (source, target uint8) {
	if p < forward {
		return authority, passive
	}
	return passive, authority
}

// runner does what an invocation can do.
func (m Model) runner(s State, p int, see visit) {
	source, target := lane(p)
	if s.Runners[p].At != off {
		next := s
		next.Runners[p] = Runner{}
		see("end", next)
	}
	switch r := s.Runners[p]; r.At {
	case off:
		if l := s.Lanes[source]; !l.Halted && (m.Twice || p >= forward || s.Runners[1-p].At == off) {
			next := s
			next.Runners[p] = Runner{At: opened, Position: l.Position, Known: l.Known}
			see("read the checkpoint", next)
		}
	case opened, half:
		if (r.At == opened) == (m.Without != SourceFirst) {
			next := s
			next.Runners[p].At++
			next.Runners[p].On = s.Catalog[source]
			see("read the source", m.begun(next, p))
			return
		}
		next := s
		next.Runners[p].At++
		next.Runners[p].To = s.Catalog[target]
		next.Runners[p].Seen = s.seen(target)
		see("read the target", m.begun(next, p))
	case both: // only where the two were not read together
		next := s
		next.Runners[p].Seen = s.seen(target)
		next.Runners[p].At = running
		see("read the changes", m.tables(next, p))
	case running:
		m.follow(s, p, see)
	}
}

// begun decides once both catalogs were read.
func (m Model) begun(s State, p int) State {
	if s.Runners[p].At != both || m.Without == OneSnapshot {
		return s
	}
	s.Runners[p].At = running
	return m.tables(s, p)
}

// seen are the changes as a side has written them down.
func (s *State) seen(side uint8) (states [changes]uint8) {
	for i, c := range s.Changes {
		states[i] = c.State[side]
	}
	return states
}

// tables are those at the lane's position, or it halts.
func (m Model) tables(s State, p int) State {
	source, _ := lane(p)
	r := &s.Runners[p]
	r.Tables = r.On
	for i := changes - 1; i >= 0 && r.Tables != r.Known && m.Without != AsOf; i-- {
		if has(r.Seen[i]) {
			r.Tables &^= s.Changes[i].Column
		}
	}
	if r.Tables != r.Known || !m.explained(&s, r, source == authority) {
		return m.halt(s, p)
	}
	r.On, r.To, r.Seen = 0, 0, [changes]uint8{}
	return s
}

// has tells whether a change is part of the history that a lane goes by.
func has(state uint8) bool { return state == planned || state == done }

// explained tells whether the target's table may be taken for the lane's.
func (m Model) explained(s *State, r *Runner, writable bool) bool {
	at, on := r.To, r.Tables
	for i := changes - 1; i >= 0 && m.Without != Explain; i-- {
		if has(r.Seen[i]) && on&s.Changes[i].Column == 0 {
			at &^= s.Changes[i].Column
		}
	}
	if at == on {
		return true
	}
	for i := changes - 1; i >= 0 && m.Without != Explain; i-- {
		if r.Seen[i] == planned && !writable && at&s.Changes[i].Column == 0 {
			on &^= s.Changes[i].Column
		}
	}
	return at == on
}

// owner tells whether an invocation still knows where its lane stands.
func (s *State) owner(p int) bool {
	source, _ := lane(p)
	l := s.Lanes[source]
	return !l.Halted && l.Position == s.Runners[p].Position
}

// halt stops the lane where the invocation knows it to be.
func (m Model) halt(s State, p int) State {
	source, _ := lane(p)
	if s.owner(p) {
		s.Lanes[source].Halted = true
	}
	s.Runners[p] = Runner{}
	return s
}

// follow takes the next event of the source's log.
func (m Model) follow(s State, p int, see visit) {
	source, _ := lane(p)
	r := s.Runners[p]
	if r.Position >= s.Len[source] {
		return
	}
	switch e := s.Log[source][r.Position]; {
	case e.Kind == row && e.Shape != r.Tables && m.Without != Describe:
		see("meet another table", m.halt(s, p))
	case e.Kind == row:
		see("meet a row", m.apply(s, p, e))
	case e.Kind == mixed && m.Without != NoRows:
		see("meet rows with entry", m.halt(s, p))
	default:
		see("meet an entry", m.pass(s, p, e))
	}
}

// apply is the apply transaction of a row; one that lost its place ends. What the
// target does not have its server refuses.
func (m Model) apply(s State, p int, e Event) State {
	source, target := lane(p)
	r := &s.Runners[p]
	if !s.owner(p) && m.Without != Claim {
		*r = Runner{}
		return s
	}
	if r.Tables&^s.Catalog[target] != 0 {
		return m.halt(s, p)
	}
	s.Wrong = s.Wrong || e.Shape != r.Tables
	r.Position++
	for column := range columns {
		if r.Tables&(1<<column) != 0 {
			s.Rows[target][column] = r.Position
		}
	}
	s.Lanes[source].Position = r.Position
	return s
}

// pass takes the lane past a change of its source's table that was planned, in one
// transaction, and its invocation starts over.
func (m Model) pass(s State, p int, e Event) State {
	source, target := lane(p)
	r := &s.Runners[p]
	if !s.owner(p) {
		*r = Runner{}
		return s
	}
	c := s.expected(target, r.Tables)
	if c == nil || e.Shape != c.Shape && m.Without != Compare {
		return m.halt(s, p)
	}
	if source == authority && !s.reached(target, c) && m.Without != Present {
		return m.halt(s, p)
	}
	r.Position++
	s.Lanes[source].Known = c.Shape
	if m.Without != Together {
		s.Lanes[source].Position = r.Position
	}
	if m.Without != StartOver {
		*r = Runner{}
	}
	return s
}

// expected is the oldest change that starts from a table.
func (s *State) expected(side, table uint8) *Change {
	for i := range s.Changes {
		if c := &s.Changes[i]; has(c.State[side]) && c.Former == table {
			return c
		}
	}
	return nil
}

// reached tells whether a side has a change, or a later one as well.
func (s *State) reached(side uint8, c *Change) bool {
	for i := range s.Changes {
		if later := &s.Changes[i]; has(later.State[side]) && later.Shape == s.Catalog[side] && bits.OnesCount8(later.Shape) >= bits.OnesCount8(c.Shape) {
			return true
		}
	}
	return false
}
