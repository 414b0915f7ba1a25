package engine

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ticksPerSecond is USER_HZ, which Linux fixes at 100 for everything in /proc.
const ticksPerSecond = 100

// processStart tells whether a process of this machine runs and, where /proc
// tells it, since when. A process that has ended but was not reaped is gone.
func processStart(pid int) (begun time.Time, alive bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return time.Time{}, noProc() && signalable(pid)
	}
	// The name in parentheses may hold anything; the fields are counted behind it.
	_, tail, found := cutLast(string(stat), ")")
	fields := strings.Fields(tail)
	if !found || len(fields) < 20 {
		return time.Time{}, true
	}
	if state := fields[0]; state == "Z" || state == "X" {
		return time.Time{}, false
	}
	ticks, err := strconv.ParseInt(fields[19], 10, 64)
	boot, known := bootTime()
	if err != nil || !known {
		return time.Time{}, true
	}
	return boot.Add(time.Duration(ticks) * time.Second / ticksPerSecond), true
}

func noProc() bool {
	_, err := os.Stat("/proc/self/stat")
	return err != nil
}

// signalable asks the kernel where there is no /proc. "Not permitted" means that
// the process exists and is somebody else's.
func signalable(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

func bootTime() (time.Time, bool) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return time.Time{}, false
	}
	for line := range strings.Lines(string(stat)) {
		if seconds, found := strings.CutPrefix(line, "btime "); found {
			n, err := strconv.ParseInt(strings.TrimSpace(seconds), 10, 64)
			return time.Unix(n, 0), err == nil
		}
	}
	return time.Time{}, false
}
