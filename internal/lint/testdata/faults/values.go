package faults

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
)

func copied(list []int, use func(*int)) {
	for _, n := range list {
		n := n // want copyloopvar
		use(&n)
	}
}

type color int

const (
	blue color = iota
	green
)

func name(c color) string {
	switch c { // want exhaustive
	case blue:
		return "blue"
	}
	return ""
}

func trusting() *tls.Config {
	return &tls.Config{InsecureSkipVerify: true} // want gosec
}

func address(host string, port int) string {
	return fmt.Sprintf("http://%s:%d/path", host, port) // want nosprintfhostport
}

func ended() {
	io.EOF = nil // want reassign
}

func same(text string) string {
	return string(text) // want unconvert
}

func half(n int, unit string) int { // want unparam
	return n / 2
}

func halves() int { return half(4, "a") + half(6, "b") }

func wasted(find func() int) int {
	n := find() // want wastedassign
	n = find()
	return n
}

func write(buffer *bytes.Buffer, text []byte) {
	buffer.WriteString(string(text)) // want mirror
}

func reads(r *http.Request) bool {
	return r.Method == "GET" // want usestdlibvars
}

// what it recieves // want misspell

//go:embedd values.go // want gocheckcompilerdirectives

func fine(n int) int {
	return n + 1 //nolint:gosec // want nolintlint
}
