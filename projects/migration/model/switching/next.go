package switching

import "github.com/cutover/cutover/shared/control"

// Steps of a process that made an attempt, and of one that takes over.
const (
	gone = iota
	registerFrom
	registerTo
	storeFencing
	fence
	storeFenced
	storeDrained
	storeChecked
	storePromoting
	promote
	storeSwitched
	closeFrom
	storeSteady // the new side has it
	backOut
	release
	storeBack // the old side has it
	readTo
	cancelTo
	cancelFrom
	releaseHeir
)

type visit func(action string, next State)

// Next lists what can happen. Writers are alike, and so are processes but for the
// one that owns the item.
func (m Model) Next(s State, report func(action string, next State)) {
	see := visit(report)
	for w := range m.Writers {
		m.writer(s, w, see)
	}
	for side := range uint8(sides) {
		m.lane(s, side, see)
	}
	for p := range uint8(processes) {
		if s.Processes[p].At == gone {
			m.begin(s, p, see)
			continue
		}
		m.process(s, p, see)
		if int(s.Crashes) < m.Crashes {
			next := s
			next.Crashes++
			next.Processes[p] = Process{}
			see("crash", next)
		}
	}
}

// writer writes on either side, commits, and learns of it or not.
func (m Model) writer(s State, w int, see visit) {
	bit := uint8(1) << w
	switch s.Writers[w].Stage {
	case waiting, unknown:
		for side := range uint8(sides) {
			if !s.A[side].Granted {
				continue
			}
			next := s
			if s.Data[side]&bit != 0 {
				next.Writers[w] = Writer{Stage: acknowledged}
			} else {
				next.Writers[w] = Writer{Stage: open, Side: side}
			}
			see("write", next)
		}
	case open:
		side := s.Writers[w].Side
		next := s
		next.log(side, uint8(w+1)) //nolint:gosec // below writers
		next.Data[side] |= bit
		next.Writers[w] = Writer{Stage: acknowledged}
		see("commit", next)
		next.Writers[w] = Writer{Stage: unknown}
		see("commit, reply lost", next)
	}
}

// lane carries the next event of a side to the other.
func (m Model) lane(s State, source uint8, see visit) {
	l := s.Lanes[source]
	if l.Position == s.Len[source] {
		return
	}
	event := s.Log[source][l.Position]
	next := s
	lane := &next.Lanes[source]
	lane.Position++
	switch {
	case event >= closes:
		lane.Writable, lane.Attempt = false, event-closes
	case event == opens:
		lane.Writable, lane.Attempt = true, 0
	default:
		next.carry(event, source, m.Without)
	}
	see("apply", next)
}

// carry writes a row to the other side.
func (s *State) carry(writer, source uint8, without Rule) {
	target := 1 - source
	bit := uint8(1) << (writer - 1)
	switch {
	case !s.Lanes[source].Writable:
		s.Wrong = rogue
	case s.Data[target]&bit != 0:
		s.Wrong = twice
	}
	s.Data[target] |= bit
	if without == Echo && s.Wrong == 0 {
		s.log(target, writer)
	}
}

// begin starts a switch, or takes over one whose process seems to be gone.
func (m Model) begin(s State, p uint8, see visit) {
	state := name(s.Item.State)
	if state == control.Steady {
		if int(s.Starts) < m.Starts {
			see("start", m.start(s, p))
		}
		return
	}
	if int(s.Takes) >= m.Takes && s.Processes[s.Item.Owner].At != gone || s.Ids == ids {
		return
	}
	next := s
	next.Takes = min(s.Takes+1, uint8(m.Takes)) //nolint:gosec // small
	next.Ids++
	next.Processes[p] = Process{From: s.Item.From, Epoch: s.Item.Epoch, Attempt: next.Ids, Old: s.Item.Attempt, Heirs: s.Item.Heirs}
	me := &next.Processes[p]
	next.Item.Owner = p
	if m.Without == AllHeirs {
		next.Item.Heirs = 0
	}
	next.Item.Heirs |= 1 << me.Attempt
	switch {
	case state == control.Checked && m.Without == OneMaker:
		*me = Process{At: storePromoting, From: s.Item.From, Epoch: s.Item.Epoch, Attempt: s.Item.Attempt}
	case state == control.Switched:
		me.At = closeFrom
	case s.Item.Promoting && m.Without != CancelFirst:
		me.At = readTo
	default:
		me.At = cancelFrom
		next.enter(control.BackingOut)
	}
	see("take over", next)
}

// start makes a fresh attempt.
func (m Model) start(s State, p uint8) State {
	s.Starts++
	s.Ids++
	from := s.Item.From
	s.Item = Item{State: number(control.Registered), From: from, Epoch: s.Item.Epoch, Attempt: s.Ids, Owner: p}
	s.Processes[p] = Process{At: registerFrom, From: from, Epoch: s.Item.Epoch, Attempt: s.Ids}
	return s
}

// process takes its next step.
func (m Model) process(s State, p uint8, see visit) {
	switch s.Processes[p].At {
	case registerFrom, registerTo:
		m.register(s, p, see)
	case fence:
		m.fence(s, p, see)
	case promote:
		m.promote(s, p, see)
	case closeFrom:
		m.close(s, p, see)
	case release, releaseHeir:
		m.release(s, p, see)
	case readTo, cancelTo, cancelFrom:
		m.recover(s, p, see)
	default:
		m.store(s, p, see)
	}
	m.giveUp(s, p, see)
}

// register writes the attempt into one database. One that stands there from
// before is cancelled first.
func (m Model) register(s State, p uint8, see visit) {
	me := s.Processes[p]
	side := me.From
	if me.At == registerTo {
		side = 1 - me.From
	}
	row := s.A[side]
	next := s
	switch {
	case row.Attempt != 0 && row.Attempt != me.Attempt && row.Writable == (side == me.From):
		next.A[side].Attempt = 0
		see("cancel", next)
		return
	case row.Epoch == me.Epoch && row.Attempt == 0 && row.Writable == (side == me.From):
		next.A[side].Attempt = me.Attempt
		next.Processes[p].At++
	default:
		next.Processes[p] = Process{}
	}
	see("register", next)
}

// fence waits for writers that hold locks.
func (m Model) fence(s State, p uint8, see visit) {
	me := s.Processes[p]
	row := s.A[me.From]
	for _, w := range s.Writers {
		if w.Stage == open && w.Side == me.From && m.Without != Lock {
			return
		}
	}
	next := s
	if row.Epoch != me.Epoch || row.Attempt != me.Attempt || !row.Writable {
		next.Processes[p] = Process{}
		see("fence", next)
		return
	}
	next.A[me.From].Writable = false
	next.A[me.From].Granted = m.Without == Revoke
	next.log(me.From, closes+me.Attempt)
	next.Processes[p].At = storeFenced
	see("fence", next)
}

// promote opens the new side.
func (m Model) promote(s State, p uint8, see visit) {
	me := s.Processes[p]
	to := 1 - me.From
	row := s.A[to]
	next := s
	allowed := row.Epoch == me.Epoch && !row.Writable && (row.Attempt == me.Attempt || m.Without == AttemptOfTo)
	if !allowed {
		next.Processes[p] = Process{}
		see("promote", next)
		return
	}
	if s.Data[0] != s.Data[1] || !s.Item.Reverse {
		next.Wrong = unequal
	}
	next.A[to] = Authority{Epoch: row.Epoch + 1, Writable: true, Granted: true}
	next.log(to, opens)
	next.Processes[p].At = storeSwitched
	see("promote", next)
}

// close gives the old side the new term.
func (m Model) close(s State, p uint8, see visit) {
	me := s.Processes[p]
	next := s
	if row := s.A[me.From]; row.Epoch == me.Epoch && !row.Writable {
		next.A[me.From].Epoch++
		next.A[me.From].Attempt = 0
	}
	next.Processes[p].At = storeSteady
	see("close", next)
}

// release opens the old side again, or takes the attempt off where it never was
// closed.
func (m Model) release(s State, p uint8, see visit) {
	me := s.Processes[p]
	row := s.A[me.From]
	next := s
	next.Processes[p].At = storeBack
	switch {
	case row.Epoch != me.Epoch || row.Attempt != me.Attempt && m.Without != AttemptOfFrom:
		if !row.Writable {
			next.Processes[p] = Process{}
		}
	case row.Writable:
		next.A[me.From].Attempt = 0
	default:
		next.A[me.From] = Authority{Epoch: row.Epoch, Writable: true, Granted: true}
		next.log(me.From, opens)
	}
	see("release", next)
}

// recover looks where the switch stands and makes the old attempt void.
func (m Model) recover(s State, p uint8, see visit) {
	me := s.Processes[p]
	to := s.A[1-me.From]
	next := s
	mine := &next.Processes[p]
	switch me.At {
	case readTo:
		mine.At = cancelTo
		if to.Writable && to.Epoch == me.Epoch+1 {
			mine.At = storeSwitched
		}
		see("read the new side", next)
	case cancelTo:
		switch {
		case to.Writable:
			mine.At = readTo
		case to.Attempt == me.Old:
			next.A[1-me.From].Attempt = 0
			mine.At = cancelFrom
		default:
			mine.At = cancelFrom
		}
		see("cancel", next)
	case cancelFrom:
		row := s.A[me.From]
		switch {
		case row.Epoch == me.Epoch && row.Attempt != 0 && (row.Attempt == me.Old || me.Heirs>>row.Attempt&1 == 1):
			next.A[me.From].Attempt = me.Attempt
			mine.At = releaseHeir
		case row.Epoch == me.Epoch && row.Writable:
			mine.At = storeBack
		default:
			*mine = Process{}
		}
		see("cancel", next)
	}
}

// giveUp lets a process that made an attempt turn back, as long as it has not sent
// a promotion; without the control store as well.
func (m Model) giveUp(s State, p uint8, see visit) {
	me := s.Processes[p]
	if me.Old != 0 || me.At < fence || me.At > storePromoting {
		return
	}
	next := s
	next.Processes[p].At = backOut
	see("give up", next)
	next.Processes[p].At = release
	see("give up, store unreachable", next)
}
