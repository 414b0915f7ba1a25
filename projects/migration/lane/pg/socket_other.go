//go:build !linux

package pg

import "syscall"

// userTimeout leaves the socket as it is: TCP_USER_TIMEOUT is Linux's. The
// functions run on Linux; elsewhere keep-alives find a broken connection, later.
func userTimeout(string, string, syscall.RawConn) error { return nil }

// lowWater leaves the socket as it is.
func lowWater(syscall.RawConn, int) {}
