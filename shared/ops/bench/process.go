package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// sampleEvery is how often the memory of the processes is looked at.
const sampleEvery = 100 * time.Millisecond

// run runs one target and returns its standard output; meanwhile it watches the
// memory of the command and all its descendants.
func (b *bench) run(ctx context.Context, target string, flags ...string) ([]byte, error) {
	args := append(append([]string{}, b.Command[1:]...), target)
	cmd := exec.CommandContext(ctx, b.Command[0], append(args, flags...)...) //nolint:gosec // this repository's own command
	cmd.Dir = b.Dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, b.Log
	// The runner drains at the first signal and ends by itself.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("run %s: %w", target, err)
	}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		b.watch(cmd.Process.Pid, quit)
	}()
	err := cmd.Wait()
	close(quit)
	<-done
	if err != nil {
		return nil, fmt.Errorf("run %s: %w\n%s", target, err, out.String())
	}
	return out.Bytes(), nil
}

func (b *bench) watch(pid int, quit <-chan struct{}) {
	ticker := time.NewTicker(sampleEvery)
	defer ticker.Stop()
	for {
		select {
		case <-quit:
			return
		case <-ticker.C:
			b.peak = max(b.peak, familyMemory(pid))
		}
	}
}

// process is what /proc tells of one process.
type process struct {
	parent int
	memory int64 // resident, in bytes
}

// familyMemory sums the resident memory of a process and its descendants; 0
// where there is no /proc. Pages they share are counted once for each.
func familyMemory(pid int) int64 {
	all := processes()
	var sum int64
	for id := range all {
		if descends(all, id, pid) {
			sum += all[id].memory
		}
	}
	return sum
}

func descends(all map[int]process, id, ancestor int) bool {
	for range len(all) {
		if id == ancestor {
			return true
		}
		next, known := all[id]
		if !known {
			return false
		}
		id = next.parent
	}
	return false
}

func processes() map[int]process {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil
	}
	all := map[int]process{}
	for _, path := range files {
		text, err := os.ReadFile(path) //nolint:gosec // a file of /proc
		if err != nil {
			continue // it has ended
		}
		if p, ok := parseStat(string(text)); ok {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path))) // the pattern begins with a digit
			all[pid] = p
		}
	}
	return all
}

// parseStat reads /proc/<pid>/stat (proc(5)): behind the name in parentheses come
// state, parent, …, and as the 22nd field the resident pages.
func parseStat(stat string) (process, bool) {
	i := strings.LastIndex(stat, ")")
	if i < 0 {
		return process{}, false
	}
	fields := strings.Fields(stat[i+1:])
	if len(fields) < 22 {
		return process{}, false
	}
	parent, err1 := strconv.Atoi(fields[1])
	pages, err2 := strconv.ParseInt(fields[21], 10, 64)
	return process{parent, pages * int64(os.Getpagesize())}, err1 == nil && err2 == nil
}
