// Package pgtest starts real PostgreSQL 14 servers for tests: of the minor
// release that production runs, on loopback, on a port of their own, with the
// settings that the test needs, ended and removed with the test.
//
// The binaries are fetched on first use by github.com/fergusstrange/embedded-postgres
// into the user's cache and stay there; a data directory is copied from a
// template that initdb made once, so that a server is up in a fraction of a
// second. PostgreSQL refuses to run as root: for a test that runs as root (in a
// container) servers run as nobody, and the cache is /var/cache/cutover, which
// that account can read.
//
// Every Start is a server of its own; a Pool lends servers to many tests in turn. It
// is no fake. It is not for performance figures either: fsync is off, which is safe against the death of a
// process and not against that of the machine. All servers share the system
// identifier of the template.
package pgtest
