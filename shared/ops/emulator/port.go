package emulator

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// PortTakenError says that something that is not this checkout's emulator holds
// its address.
type PortTakenError struct {
	Addr   string
	Holder string // who holds it, as far as can be told
	Remedy string // what to do about it
}

func (e *PortTakenError) Error() string {
	return fmt.Sprintf("the emulator's address %s is in use by %s: %s", e.Addr, e.Holder, e.Remedy)
}

// checkPortFree binds the address for a moment, which fails for the same reasons
// for which the server would.
func (e *Emulator) checkPortFree(ctx context.Context) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", e.opts.Addr)
	if err == nil {
		if cerr := listener.Close(); cerr != nil {
			return fmt.Errorf("give back the address %s: %w", e.opts.Addr, cerr)
		}
		return nil
	}
	if !errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("the emulator cannot use the address %s: %w", e.opts.Addr, err)
	}
	return e.describeHolder(ctx)
}

func (e *Emulator) describeHolder(ctx context.Context) error {
	taken := &PortTakenError{Addr: e.opts.Addr, Holder: "another program", Remedy: "end that program"}
	if h, err := e.askHealth(ctx); err == nil {
		taken.Holder = fmt.Sprintf("the emulator of the checkout %s (process %d)", h.Checkout, h.PID)
		taken.Remedy = "run `mage local:down` in that checkout"
		return taken
	}
	if pid, line := listenerOf(ctx, e.opts.Addr); pid != 0 {
		taken.Holder = fmt.Sprintf("process %d (%s)", pid, line)
		taken.Remedy = fmt.Sprintf("end it, for instance with `kill %d`", pid)
	}
	return taken
}

// listenerOf finds the process that listens at addr, as far as this user may
// see: 0 when it cannot be told, which only makes a message poorer.
func listenerOf(ctx context.Context, addr string) (int, string) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return 0, ""
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return 0, ""
	}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		for _, inode := range listeningSockets(table, number) {
			if pid := holderOf("socket:[" + inode + "]"); pid != 0 {
				line, _ := commandLine(ctx, pid) // without it, the number must do
				return pid, line
			}
		}
	}
	return 0, ""
}

// listeningSockets reads the inodes of the sockets that listen on port from one
// of Linux's socket tables (proc(5): local address in field 2 as HEX:PORT, state
// in field 4, 0A for LISTEN, inode in field 10).
func listeningSockets(table string, port int) []string {
	file, err := os.Open(table) //nolint:gosec // one of two fixed paths
	if err != nil {
		return nil
	}
	defer func() { _ = file.Close() }() // only read
	var inodes []string
	suffix := fmt.Sprintf(":%04X", port)
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) > 9 && fields[3] == "0A" && strings.HasSuffix(fields[1], suffix) {
			inodes = append(inodes, fields[9])
		}
	}
	return inodes
}

func holderOf(socket string) int {
	links, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return 0
	}
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && target == socket {
			pid, _ := strconv.Atoi(strings.Split(link, "/")[2]) // the pattern allows digits only
			return pid
		}
	}
	return 0
}
