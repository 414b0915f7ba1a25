package reshape

// operator does what a call of a command can do.
func (m Model) operator(s State, p int, see visit) {
	o := s.Operators[p]
	if o.At == idle {
		m.begin(s, p, see)
		return
	}
	next := s
	next.Operators[p] = Operator{}
	see("end", next)
	switch o.At {
	case tried, keeping:
		see("write the plan down", m.keep(s, p))
	case making, made:
		side := uint8(passive)
		if (o.At == made) == (m.Without != PassiveFirst) {
			side = authority
		}
		see("make", m.make(s, p, side))
	case noting, noted:
		side := uint8(passive)
		if o.At == noted {
			side = authority
		}
		see("note", m.note(s, p, side))
	case withdrawing:
		see("look", m.looks(s, p))
	case looked:
		see("withdraw", m.withdrawn(s, p, passive))
	case forgotten:
		see("withdraw", m.withdrawn(s, p, authority))
	}
}

// begin starts a call: a plan of a column, or what is to become of a plan.
func (m Model) begin(s State, p int, see visit) {
	busy := 0
	for _, o := range s.Operators {
		if o.At != idle {
			busy++
		}
	}
	if busy >= m.Operators {
		return
	}
	for i := range m.Changes {
		if i == 0 || !m.Anew {
			see("try", m.try(s, p, uint8(second<<i)))
		}
		c := s.Changes[i]
		if c.State[authority] == none || c.State[passive] == none {
			continue // it must be known on both sides
		}
		next := s
		next.Operators[p] = Operator{At: making, Change: uint8(i)}
		if c.State[authority] == planned || c.State[passive] == planned {
			see("begin to make", next)
		}
	}
	for i := range m.Changes {
		if !m.Withdraws || s.Changes[i].Column == 0 || m.Anew && i == m.Changes-1 && s.Catalog != [sides]uint8{first | second, first | second} {
			continue
		}
		next := s
		next.Operators[p] = Operator{At: withdrawing, Change: uint8(i)}
		see("begin to withdraw", next)
	}
}

// try makes a change on the passive side and takes it back. One that is written down
// there is taken over; what is there without is refused by the server.
func (m Model) try(s State, p int, column uint8) State {
	o := Operator{At: tried, Column: column, Former: s.Catalog[passive], Shape: s.Catalog[passive] | column}
	if o.Former == o.Shape {
		o = Operator{}
	}
	for _, c := range s.Changes {
		if c.State[passive] == planned && c.Column == column {
			o = Operator{At: tried, Column: column, Former: c.Former, Shape: c.Shape}
		}
	}
	s.Operators[p] = o
	return s
}

// keep writes a plan down on one side, and on the other with the next call.
func (m Model) keep(s State, p int) State {
	o := &s.Operators[p]
	if o.At == tried {
		found, free := m.place(&s, o)
		if !free {
			s.Operators[p] = Operator{}
			return s
		}
		o.Change = found
	}
	side := m.First
	if o.At == keeping {
		side = 1 - m.First
	}
	c := &s.Changes[o.Change]
	mine := c.Column == o.Column && c.Former == o.Former && c.Shape == o.Shape
	if c.State[side] != none && (c.State[side] != planned || !mine) || c.Column != 0 && !mine {
		s.Operators[p] = Operator{} // its number is taken
		return s
	}
	c.Column, c.Former, c.Shape = o.Column, o.Former, o.Shape
	c.State[side] = planned
	if o.At++; o.At > keeping {
		s.Operators[p] = Operator{}
	}
	return s
}

// place is the number of a plan: that of the same one, or the next.
func (m Model) place(s *State, o *Operator) (number uint8, free bool) {
	next := uint8(0)
	for i := range s.Changes {
		c := &s.Changes[i]
		if c.Column != 0 {
			next = uint8(i + 1)
		}
		if c.State[authority] != planned && c.State[passive] != planned {
			continue
		}
		if c.Column == o.Column && c.Former == o.Former && c.Shape == o.Shape {
			return uint8(i), true
		}
		if m.Without != OneOpen {
			return 0, false
		}
	}
	return next, int(next) < m.Changes
}

// has tells whether a side has a change; other is that it has become something else.
func (c *Change) has(table uint8) (has, other bool) {
	return table == c.Shape, table != c.Shape && table != c.Former
}

// make makes a change on a side that does not have it.
func (m Model) make(s State, p int, side uint8) State {
	o := &s.Operators[p]
	c := s.Changes[o.Change]
	has, other := c.has(s.Catalog[side])
	if other || !has && m.Without != Hold && c.State[side] != planned {
		s.Operators[p] = Operator{}
		return s
	}
	if !has {
		s.Catalog[side] = c.Shape
		s.log(side, entry)
	}
	o.At++
	if m.Without == NoteLast && o.At == made {
		for side := range s.Changes[o.Change].State {
			s.Changes[o.Change].State[side] = done
		}
	}
	return s
}

// note writes down on a side that the change is done.
func (m Model) note(s State, p int, side uint8) State {
	o := &s.Operators[p]
	c := &s.Changes[o.Change]
	if has, _ := c.has(s.Catalog[side]); !has {
		s.Operators[p] = Operator{}
		return s
	}
	if c.State[side] == planned {
		c.State[side] = done
	}
	if o.At++; o.At > noted {
		s.Operators[p] = Operator{}
	}
	return s
}

// decided tells whether a side has forgotten a change.
func (c *Change) decided() bool {
	return c.State[authority] == withdrawn || c.State[passive] == withdrawn
}

// unmade tells whether a change that is planned on a side is not there.
func (s *State) unmade(change, side uint8) bool {
	c := &s.Changes[change]
	has, other := c.has(s.Catalog[side])
	return c.State[side] != planned || !has && !other
}

// looks makes sure that the authority does not have a change that could be made and that
// nobody has forgotten.
func (m Model) looks(s State, p int) State {
	o := &s.Operators[p]
	c := &s.Changes[o.Change]
	switch {
	case c.decided() && m.Without != Decided:
		o.At = forgotten
		if c.State[passive] != withdrawn {
			o.At = looked
		}
	case s.unmade(o.Change, authority), c.State[passive] == none && m.Without != Unheard:
		o.At = looked
	default:
		s.Operators[p] = Operator{}
	}
	return s
}

// withdrawn writes down that a side will never have a change. The passive side, which is
// the first, must not have it.
func (m Model) withdrawn(s State, p int, side uint8) State {
	o := &s.Operators[p]
	c := &s.Changes[o.Change]
	if c.State[side] == done || (side == passive || m.Without == Decided) && !s.unmade(o.Change, side) {
		s.Operators[p] = Operator{}
		return s
	}
	if c.State[side] == planned || c.State[side] == none && m.Without != Leave {
		c.State[side] = withdrawn
	}
	if o.At++; o.At > forgotten {
		s.Operators[p] = Operator{}
	}
	return s
}
