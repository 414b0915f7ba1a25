package feed

import (
	"cmp"
	"slices"
)

// visit takes an action and its result.
type visit func(action string, next State)

// Next lists what can happen. Processes of one kind are alike: states that differ
// in which of two stands where are one.
func (m Model) Next(s State, report func(action string, next State)) {
	see := func(action string, next State) {
		if next.Loaders[0].above(next.Loaders[1]) {
			next.Loaders[0], next.Loaders[1] = next.Loaders[1], next.Loaders[0]
		}
		if next.Appliers[0].above(next.Appliers[1]) {
			next.Appliers[0], next.Appliers[1] = next.Appliers[1], next.Appliers[0]
		}
		report(action, next)
	}
	m.writers(s, see)
	m.creation(s, see)
	for p := range copies {
		m.loader(s, p, see)
		m.applier(s, p, see)
	}
	m.endLoad(s, see)
	m.reload(s, see)
	m.repair(s, see)
	m.faults(s, see)
}

func (l Loader) above(o Loader) bool {
	return cmp.Or(cmp.Compare(l.Key, o.Key), cmp.Compare(l.Value, o.Value), cmp.Compare(l.Until, o.Until), cmp.Compare(l.Load, o.Load)) > 0
}

func (a Applier) above(o Applier) bool {
	if a.On != o.On {
		return a.On
	}
	return cmp.Or(cmp.Compare(a.Position, o.Position), cmp.Compare(a.Gen, o.Gen), slices.Compare(a.Loads[:], o.Loads[:])) > 0
}

// writers begin, commit and become visible, each when it likes.
func (m Model) writers(s State, see visit) {
	if born := s.born(); int(born) < m.Transactions {
		next := s
		next.Txns[born].Stage = begun
		see("begin", next)
	}
	for i, t := range s.Txns {
		switch t.Stage {
		case begun:
			for kind := range uint8(kinds) {
				next := s
				next.Txns[i] = Txn{Stage: logged, Kind: kind}
				next.Log[s.Len] = uint8(i + 1)
				next.Len++
				see("commit", next)
			}
		case logged:
			next := s
			next.Txns[i].Stage = visible
			see("become visible", next)
		}
	}
}

// creation makes slot and lane, for the first generation and for the one after a
// gap. Whoever makes it may die before the lane is written; the slot is then made
// anew.
func (m Model) creation(s State, see visit) {
	if s.Phase == absent || s.Phase == halted {
		next := s
		next.Slot, next.Settling = true, true
		next.Base, next.Confirmed = s.Len, s.Len
		next.Bound = s.born()
		if m.Without == OwnBound {
			next.Bound = s.snapshotEnd()
		}
		see("make slot", next)
	}
	if s.Settling && (m.Without == Settle || s.ended(s.Bound)) {
		next := s
		next.Settling, next.Bound = false, 0
		next.Position = s.Base
		next.After = s.Base
		next.Gen++
		next.Phase = loading
		if s.Phase == halted {
			next.Phase = regaining
		}
		if s.Phase == absent || m.Without != NewBase {
			next.Done = [keys]bool{}
		}
		see("settle", next)
	}
}

// loads tells whether a key is being loaded: with all others, or anew.
func (m Model) loads(s *State, key int) bool {
	return !s.Done[key] && (s.Phase == loading || s.Phase == following && s.Loads[key] > 0)
}

// reload empties a key of the target and plans its load beside the stream.
func (m Model) reload(s State, see visit) {
	if !m.Reload || s.Phase != following || s.Loads != [keys]uint8{} {
		return
	}
	for key := range keys {
		next := s
		next.Rows[key], next.Done[key] = 0, false
		next.Loads[key], next.Least[key] = 1, s.newest()
		see("reload", next)
	}
}

func (m Model) loader(s State, p int, see visit) {
	l := s.Loaders[p]
	if l.Key == 0 {
		for key := range keys {
			if m.loads(&s, key) && (m.Without == ReloadSettle || s.ended(s.Least[key])) {
				next := s
				next.Loaders[p] = Loader{Key: uint8(key + 1), Value: s.snapshot(key), Until: s.Len, Load: s.Loads[key]}
				see("read chunk", next)
			}
		}
		return
	}
	key := l.Key - 1
	next := s
	next.Loaders[p] = Loader{}
	claimed := m.loads(&s, int(key)) && (l.Load == s.Loads[key] || m.Without == LoadNumber)
	if claimed || m.Without == ChunkClaim {
		m.commitChunk(&next, int(key), l)
	}
	see("commit chunk", next)
}

// commitChunk writes a row where the stream has left neither a row nor a
// tombstone.
func (m Model) commitChunk(s *State, key int, l Loader) {
	s.Done[key] = true
	if m.Without != Until {
		s.After = max(s.After, l.Until)
	}
	if l.Value == 0 {
		return
	}
	if s.Rows[key] != 0 && m.Without != StreamWins && m.Without != ChunkClaim {
		return
	}
	if s.Tombs[key] && m.Without != Tombstones {
		return
	}
	s.Rows[key] = l.Value
	s.Tombs[key] = false
}

func (m Model) endLoad(s State, see visit) {
	if s.Phase != loading {
		return
	}
	for _, done := range s.Done {
		if !done {
			return
		}
	}
	next := s
	next.Phase = following
	next.Tombs = [keys]bool{}
	see("end load", next)
}

// streams tells whether changes are applied in this phase.
func (m Model) streams(s *State) bool {
	return s.Phase == following || s.Phase == regaining || m.Interleaved && s.Phase == loading
}

func (m Model) applier(s State, p int, see visit) {
	a := s.Appliers[p]
	if !a.On {
		if !m.streams(&s) {
			return
		}
		next := s
		if !s.Slot || s.Confirmed > s.Position {
			next.Phase = halted
		} else {
			next.Appliers[p] = Applier{On: true, Position: s.Position, Gen: s.Gen, Loads: s.Loads}
		}
		see("read state", next)
		return
	}
	if a.Position < s.Len {
		see("apply", m.apply(s, p))
	}
	if s.Slot && !s.Settling && a.Gen == s.Gen {
		next := s
		told := a.Position
		if m.Without == ConfirmedFirst {
			told = min(told+1, s.Len)
		}
		next.Confirmed = max(s.Confirmed, told)
		see("confirm", next)
	}
}

// apply is the one transaction; an applier that lost its place ends.
func (m Model) apply(s State, p int) State {
	a := s.Appliers[p]
	owner := s.Position == a.Position && s.Gen == a.Gen && m.streams(&s) && (s.Loads == a.Loads || m.Without == ReloadClaim)
	if !owner && m.Without != Claim {
		s.Appliers[p] = Applier{}
		return s
	}
	number := s.Log[a.Position]
	for key := range keys {
		value, touched := s.writes(number, key)
		if !touched {
			continue
		}
		s.Rows[key] = value
		s.Tombs[key] = value == 0 && m.loads(&s, key) && a.Loads == s.Loads
	}
	s.Position = a.Position + 1
	s.Appliers[p].Position++
	return s
}

// repair reads a key under a snapshot and writes it between two batches.
func (m Model) repair(s State, see visit) {
	r := s.Repair
	if r.Key == 0 {
		if s.Phase != regaining || m.Without != RepairSettle && !s.ended(s.newest()) {
			return
		}
		for key := range keys {
			if !s.Done[key] {
				next := s
				next.Repair = Repair{Key: uint8(key + 1), Value: s.snapshot(key), Until: s.Len, Position: s.Position, Gen: s.Gen}
				see("read repair", next)
			}
		}
		return
	}
	next := s
	next.Repair = Repair{}
	owner := s.Position == r.Position && s.Gen == r.Gen && s.Phase == regaining
	if owner || m.Without == RepairClaim && s.Phase == regaining {
		next.Rows[r.Key-1] = r.Value
		next.Done[r.Key-1] = true
		if m.Without != Until {
			next.After = max(s.After, r.Until)
		}
	}
	see("write repair", next)
}

// faults end processes, which forget all, and take the slot away.
func (m Model) faults(s State, see visit) {
	if int(s.Crashes) < m.Crashes {
		next := s
		next.Crashes++
		for p := range copies {
			loader, applier := next, next
			loader.Loaders[p] = Loader{}
			applier.Appliers[p] = Applier{}
			for _, dead := range []State{loader, applier} {
				if dead.Loaders != s.Loaders || dead.Appliers != s.Appliers {
					see("crash", dead)
				}
			}
		}
		if s.Repair.Key != 0 {
			next.Repair = Repair{}
			see("crash", next)
		}
	}
	if m.LoseSlot && !s.Lost && s.Slot && !s.Settling && m.streams(&s) {
		next := s
		next.Lost, next.Slot = true, false
		see("lose slot", next)
	}
}
