package engine

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/fault"
)

// Lock is one hold on a stack.
type Lock struct {
	PID   int       `json:"pid"`
	User  string    `json:"username"`
	Host  string    `json:"hostname"`
	Since time.Time `json:"timestamp"`
	Path  string    `json:"-"` // the lock's file, where the backend is a folder of this machine
}

// String tells who holds the stack and since when.
func (l Lock) String() string {
	return fmt.Sprintf("%s@%s (process %d) since %s", l.User, l.Host, l.PID, l.Since.Format(time.RFC3339))
}

// LockedError says that a stack is held by somebody else, or was.
type LockedError struct {
	Layer contract.Layer
	Locks []Lock // may be empty where the backend does not tell
	Text  string // the backend's own words
}

// Error names the layer and every owner.
func (e *LockedError) Error() string {
	if len(e.Locks) == 0 {
		return fmt.Sprintf("stack of %s is locked: %s", e.Layer, e.Text)
	}
	owners := make([]string, len(e.Locks))
	for i, l := range e.Locks {
		owners[i] = fmt.Sprintf("%s, %s old; %s", l, Age(time.Since(l.Since)), l.Owner().explain(l))
	}
	return fmt.Sprintf("stack of %s is locked by %s", e.Layer, strings.Join(owners, "; and by "))
}

// Locked returns e with its exit status and the command that releases the lock.
func Locked(e *LockedError, env string) error {
	flag := ""
	if env != "local" {
		flag = " -env=" + env
	}
	return (&fault.Error{Code: fault.Locked, Err: e}).
		WithHint("go tool mage unlock:%s%s -reason='…' (only when nobody works on it)", e.Layer, flag)
}

// Liveness tells whether a lock's owner can still be at work.
type Liveness string

// What can be known of an owner.
const (
	Alive     Liveness = "alive"     // the process runs on this machine
	Dead      Liveness = "dead"      // it ran on this machine and is gone: provable
	Elsewhere Liveness = "elsewhere" // another machine; nothing can be said
)

func (v Liveness) explain(l Lock) string {
	switch v {
	case Alive:
		return fmt.Sprintf("process %d is running on this machine", l.PID)
	case Dead:
		return fmt.Sprintf("stale: process %d of this machine is gone", l.PID)
	case Elsewhere:
		return fmt.Sprintf("cannot be checked from here, %s is another machine", l.Host)
	}
	return string(v)
}

// Owner looks for the lock's process on this machine. A process that began after
// the lock was taken has only inherited the number and does not count.
func (l Lock) Owner() Liveness {
	host, err := os.Hostname()
	if err != nil || host != l.Host {
		return Elsewhere
	}
	begun, alive := processStart(l.PID)
	if !alive {
		return Dead
	}
	if !begun.IsZero() && begun.After(l.Since.Add(clockTolerance)) {
		return Dead
	}
	return Alive
}

// clockTolerance covers the coarse clock of process start times (100 Hz, and the
// boot time in whole seconds).
const clockTolerance = 3 * time.Second

// Age writes a duration with the two units that matter.
func Age(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	default:
		return fmt.Sprintf("%dd%02dh", int(d.Hours())/24, int(d.Hours())%24)
	}
}

// lockedText and conflictText are how Pulumi's backends refuse a second update.
const (
	lockedText   = "the stack is currently locked by"
	conflictText = "Another update is currently in progress"
)

// lockLine is one owner in the refusal of a backend that keeps files.
var lockLine = regexp.MustCompile(`(?m)^\s*(\S+): created by ([^@\s]+)@(\S+) \(pid (\d+)\) at (\S+)\s*$`)

// parseLocked reads the refusal out of the engine's output; ok is false when
// there is none.
func parseLocked(layer contract.Layer, output string) (e *LockedError, ok bool) {
	if !strings.Contains(output, lockedText) && !strings.Contains(output, conflictText) {
		return nil, false
	}
	e = &LockedError{Layer: layer, Text: firstLineWith(output, lockedText, conflictText)}
	for _, m := range lockLine.FindAllStringSubmatch(output, -1) {
		pid, pidErr := strconv.Atoi(m[4])
		since, timeErr := time.Parse(time.RFC3339, m[5])
		if pidErr == nil && timeErr == nil {
			e.Locks = append(e.Locks, Lock{PID: pid, User: m[2], Host: m[3], Since: since, Path: localPath(m[1])})
		}
	}
	return e, true
}

// localPath returns the path of a file:// address, and "" for any other.
func localPath(address string) string {
	path, isFile := strings.CutPrefix(address, "file://")
	if !isFile {
		return ""
	}
	return path
}

func firstLineWith(text string, parts ...string) string {
	for line := range strings.Lines(text) {
		for _, part := range parts {
			if strings.Contains(line, part) {
				return strings.TrimSpace(line)
			}
		}
	}
	return ""
}
