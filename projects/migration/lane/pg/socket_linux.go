package pg

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// unacknowledged is how long sent data may stay without an answer of the other
// side's kernel before the connection counts as broken, in milliseconds.
const unacknowledged = 10_000

// userTimeout sets TCP_USER_TIMEOUT on a new socket.
func userTimeout(_, _ string, raw syscall.RawConn) error {
	var failed error
	if err := raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, unacknowledged)
	}); err != nil {
		return fmt.Errorf("reach socket: %w", err)
	}
	if failed != nil {
		return fmt.Errorf("set TCP_USER_TIMEOUT: %w", failed)
	}
	return nil
}

// lowWater sets SO_RCVLOWAT.
func lowWater(raw syscall.RawConn, bytes int) {
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVLOWAT, bytes)
	})
}
