package switching

import "github.com/cutover/cutover/shared/control"

// store writes the item's next state. Whoever does not own the item any more
// fails and ends.
func (m Model) store(s State, p uint8, see visit) {
	me := s.Processes[p]
	next := s
	mine := &next.Processes[p]
	if me.At == storeDrained && !m.drained(&s, me) {
		return
	}
	if me.At == storeChecked && s.Data[0] != s.Data[1] && m.Without != Drain {
		mine.At = backOut
		see("check", next)
		return
	}
	if s.Item.Owner != p {
		*mine = Process{}
		if me.At == storePromoting && m.Without == StoreFirst {
			*mine = me
			mine.At = promote
		}
		see("lose the item", next)
		return
	}
	switch me.At {
	case storeFencing:
		next.enter(control.Fencing)
	case storeFenced:
		next.enter(control.Fenced)
	case storeDrained:
		next.enter(control.Drained)
	case storeChecked:
		next.enter(control.Checked)
		next.Item.Reverse = m.Without != ReverseFirst
	case storePromoting:
		next.enter(control.Promoting)
		next.Item.Promoting = true
	case storeSwitched:
		next.enter(control.Switched)
	case backOut:
		next.enter(control.BackingOut)
	}
	switch me.At {
	case storeSteady, storeBack:
		*mine = Process{}
		m.settle(&next, me.At == storeSteady, me)
	default:
		mine.At++
	}
	see("store", next)
}

// settle ends a switch.
func (m Model) settle(s *State, switched bool, me Process) {
	if !switched {
		s.enter(control.BackingOut) // where the store was unreachable before
	}
	s.enter(control.Steady)
	s.Item = Item{State: number(control.Steady), From: me.From, Epoch: me.Epoch, Owner: nobody}
	if switched {
		s.Item.From, s.Item.Epoch = 1-me.From, me.Epoch+1
	}
}

// drained tells whether the lane has carried all that was written before the
// fence.
func (m Model) drained(s *State, me Process) bool {
	lane := s.Lanes[me.From]
	return m.Without == Drain || !lane.Writable && lane.Attempt == me.Attempt
}
