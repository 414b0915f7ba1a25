// Package faults has every fault that .golangci.yaml is to find. A test lints it; nobody
// builds it.
package faults

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"
)

func dropped(conn net.Conn) {
	conn.Close() // want errcheck
}

func compared(err error) bool {
	return err == os.ErrClosed // want errorlint
}

func hidden(err error) error {
	return fmt.Errorf("read: %v", err) // want errorlint
}

func swallowed(text string) (number int, problem error) {
	if text == "" {
		return 0, os.ErrInvalid
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, nil // want nilerr
	}
	return n, nil
}

func other(path string) error {
	first := os.Remove(path)
	if first != nil {
		return first
	}
	second := os.Remove(path + ".log")
	if second != nil {
		return first // want nilnesserr
	}
	return nil
}

func bodyLeftOpen(client *http.Client) (int, error) {
	answer, err := client.Head("http://127.0.0.1") // want bodyclose, noctx
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, nil
}

func seconds(n time.Duration) time.Duration {
	return n * time.Second // want durationcheck
}

type key struct{}

func nested(ctx context.Context, list []int) context.Context {
	for _, n := range list {
		ctx = context.WithValue(ctx, key{}, n) // want fatcontext
	}
	return ctx
}

func withoutEnd() (net.Listener, error) {
	return net.Listen("tcp", "127.0.0.1:0") // want noctx
}
