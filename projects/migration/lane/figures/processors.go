package figures

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// usage of the processors so far.
type usage struct{ client, server time.Duration }

// ticksPerSecond is USER_HZ, which is 100 on every Linux (proc(5)).
const ticksPerSecond = 100

// used sums up what this process, its children that have ended, and the servers
// have used.
func used(servers []int) (usage, error) {
	var u usage
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var r syscall.Rusage
		if err := syscall.Getrusage(who, &r); err != nil {
			return u, fmt.Errorf("read the use of the processors: %w", err)
		}
		u.client += time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	for _, pid := range servers {
		ticks, err := family(pid)
		if err != nil {
			return u, err
		}
		u.server += time.Duration(ticks) * time.Second / ticksPerSecond
	}
	return u, nil
}

// family is what a process, its children and those of them that have ended have
// used, in ticks.
func family(pid int) (int64, error) {
	total, err := ticks(pid)
	if err != nil {
		return 0, err
	}
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return 0, fmt.Errorf("list the children of process %d: %w", pid, err)
	}
	for _, list := range lists {
		text, err := os.ReadFile(list) //nolint:gosec // of the system
		if err != nil {
			return 0, fmt.Errorf("list the children of process %d: %w", pid, err)
		}
		for _, field := range strings.Fields(string(text)) {
			child, err := strconv.Atoi(field)
			if err != nil {
				return 0, fmt.Errorf("list the children of process %d: %w", pid, err)
			}
			if more, err := ticks(child); err == nil { // it may have ended just now, and is among its parent's then
				total += more
			}
		}
	}
	return total, nil
}

// ticks are utime, stime, cutime and cstime of a process: fields 14 to 17 of its
// stat, counted behind the name, which may hold blanks (proc(5)).
func ticks(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("read the use of the processors: %w", err)
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	const first, last = 11, 15
	if len(fields) < last {
		return 0, fmt.Errorf("read the use of the processors: process %d tells %d fields, expected more than %d", pid, len(fields), last)
	}
	total := int64(0)
	for _, field := range fields[first:last] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read the use of the processors: %w", err)
		}
		total += n
	}
	return total, nil
}
