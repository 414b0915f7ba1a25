package registry

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Asked is one request of AWS's SDK as it went over the wire.
type Asked struct {
	// Service is that of the signature, Caller the id of whose it is.
	Service, Caller string
	// Operation is named in a header or in a form; where a service names it by method
	// and path, it is empty.
	Operation, Method, Path string
	Query                   url.Values
	Body                    []byte
}

// Judge is told all that a command has asked AWS, after each command of these tests.
var Judge func(*testing.T, []Asked)

func whatIsAsked(r *http.Request, body []byte, caller string) Asked {
	asked := Asked{Caller: caller, Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(), Body: body}
	_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	if parts := strings.Split(scope, "/"); len(parts) > 3 {
		asked.Service = parts[3] // key, day, region, service
	}
	if _, operation, named := strings.Cut(r.Header.Get("X-Amz-Target"), "."); named {
		asked.Operation = operation
	} else if form, err := url.ParseQuery(string(body)); err == nil {
		asked.Operation = form.Get("Action")
	}
	return asked
}

// judge hands on what was asked since the last command.
func (a *amazon) judge() {
	a.t.Helper()
	a.mutex.Lock()
	seen := a.seen
	a.seen, a.all = nil, append(a.all, seen...)
	a.mutex.Unlock()
	Judge(a.t, seen)
}
