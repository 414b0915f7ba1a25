package apply

import (
	"math/bits"
	"sync"
	"time"

	"github.com/cutover/cutover/projects/migration/lane/change"
)

// Applied is what a lane has committed on its target in a while.
type Applied struct {
	// Rows are the changes as the source made them, its canaries among them; a
	// TRUNCATE is one. Bytes are their values, keys included, as the stream brings
	// them: in text.
	Rows, Bytes int64
	// Written is how many rows were left to be written after changes of one key were
	// folded. A new key that is folded is a deletion and an insert.
	Written int64
	// Transactions are those of the target, also such as write nothing but the
	// position. P99 is how long 99 of 100 of them took at most, from the claim to the
	// answer to COMMIT, up to an eighth too much; 0 when there was none.
	Transactions int64
	P99          time.Duration
}

// Ratio is the rows of the source for each row written; told is false when none was.
func (a Applied) Ratio() (ratio float64, told bool) {
	if a.Written == 0 {
		return 0, false
	}
	return float64(a.Rows) / float64(a.Written), true
}

// Tally adds up what an applier commits until somebody takes it. Nil adds nothing
// up. A transaction of which the answer to COMMIT was lost is not in it: only the
// checkpoint tells what became of that.
type Tally struct {
	mutex sync.Mutex
	sum   Applied
	took  durations
}

// Take returns what was committed since the last call.
func (t *Tally) Take() Applied {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	sum := t.sum
	sum.P99 = t.took.p99(sum.Transactions)
	t.sum, t.took = Applied{}, durations{}
	return sum
}

// Add takes a transaction in that is committed: its rows, and how long it took.
func (t *Tally) Add(done Applied, took time.Duration) {
	if t == nil {
		return
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.sum.Rows, t.sum.Bytes, t.sum.Written = t.sum.Rows+done.Rows, t.sum.Bytes+done.Bytes, t.sum.Written+done.Written
	t.sum.Transactions++
	t.took.add(took)
}

// durations counts transactions by how long they took: up to 15 µs by the
// microsecond, above with eight classes for each doubling.
type durations struct {
	classes [512]int64
	longest time.Duration
}

// classOf has the three bits behind the highest one in a class's last three.
func classOf(d time.Duration) int {
	micros := uint64(max(d.Microseconds(), 0))
	if micros < 8 {
		return int(micros)
	}
	shift := bits.Len64(micros) - 4
	return shift<<3 + int(micros>>shift) //nolint:gosec // four bits
}

// endOf is the first duration that is too long for a class.
func endOf(class int) time.Duration {
	if class < 16 {
		return time.Duration(class+1) * time.Microsecond
	}
	return time.Duration(class&7+9) << (class>>3 - 1) * time.Microsecond
}

func (d *durations) add(took time.Duration) {
	d.classes[classOf(took)]++
	d.longest = max(d.longest, took)
}

// p99 is the end of the class in which the 99th of each hundred is.
func (d *durations) p99(count int64) time.Duration {
	rank := (count*99 + 99) / 100
	for class, n := range d.classes {
		if rank -= n; rank <= 0 && n > 0 {
			return min(endOf(class), d.longest)
		}
	}
	return 0
}

// count takes changes in that are written.
func (a *Applied) count(changes []change.Change) {
	a.Rows += int64(len(changes))
	for i := range changes {
		a.Bytes += int64(changes[i].Carried())
	}
}

// left is how many rows folds leave to be written.
func left(folds []*change.Fold) (rows int64) {
	for _, fold := range folds {
		for i := range fold.Entries {
			if fold.Entries[i].Result != change.Nothing {
				rows++
			}
		}
	}
	return rows
}
