package pg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// ServerError is what may be told of an error of the server: never its message,
// detail, hint or context, since those carry values of rows.
type ServerError struct {
	SQLState   string
	Relation   string // schema.table, "" when the server named none
	Constraint string
	Column     string
	// Function is the one in which it happened, "" where it was the statement itself.
	Function string
}

// Error names the state and the objects.
func (e *ServerError) Error() string {
	parts := []string{"SQLSTATE " + e.SQLState}
	for _, named := range []struct{ what, name string }{
		{"relation", e.Relation}, {"constraint", e.Constraint}, {"column", e.Column}, {"in function", e.Function},
	} {
		if named.name != "" {
			parts = append(parts, named.what+" "+named.name)
		}
	}
	return strings.Join(parts, ", ")
}

// Reduce replaces an error of the server by a ServerError. What failed on the
// way to the server stays as it is, without the server's texts.
func Reduce(err error) error {
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return err
	}
	relation := server.TableName
	if relation != "" && server.SchemaName != "" {
		relation = server.SchemaName + "." + relation
	}
	return &ServerError{SQLState: server.Code, Relation: relation, Constraint: server.ConstraintName, Column: server.ColumnName, Function: within(server.Where)}
}

// functionLine is the first line of the context of an error in a function. What follows
// may carry values, and is left alone.
var functionLine = regexp.MustCompile(`^(?:PL/pgSQL function ([^\s()]+)\(|SQL function "([^"\n]+)")`)

// within is the function in which an error has happened, by its context.
func within(where string) string {
	if found := functionLine.FindStringSubmatch(where); found != nil {
		return found[1] + found[2]
	}
	return ""
}

// Wrap reduces an error and says what was tried.
func Wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), Reduce(err))
}

// Refused tells whether a server has refused the login: its password or its right
// to connect is not what it was.
func Refused(err error) bool {
	var server *ServerError
	return errors.As(Reduce(err), &server) && (server.SQLState == "28P01" || server.SQLState == "28000")
}

// Class is how the engine answers an error.
type Class int

// The classes of errors (see SQLSTATE, PostgreSQL documentation, appendix A).
const (
	Unexpected Class = iota // halt
	Retry                   // roll back, wait, do it again
	Reconnect               // the connection is of no use; start again from the checkpoint
	Resources               // the server is short of something; wait longer
	Unique                  // a unique or exclusion constraint stands in the way
	Data                    // a value that the target does not accept
	Permission              // a right is missing
	Schema                  // an object is not there or not as expected
	Ended                   // the caller's context is over
)

// Classify tells how to answer err.
func Classify(err error) Class {
	var server *ServerError
	if reduced := Reduce(err); errors.As(reduced, &server) {
		class := classify(server.SQLState)
		if class == Schema && server.Function != "" { // which is none of the engine's: no table is other than expected
			return Unexpected
		}
		return class
	}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Ended
	case broken(err):
		return Reconnect
	default:
		return Unexpected
	}
}

// classify is Classify for a state of the server.
func classify(state string) Class {
	switch state {
	case "40001", "40P01", "55P03", "57014":
		return Retry
	case "57P01", "57P02", "57P03", "57P05", "25P03", "25006", "55006":
		return Reconnect
	case "23505", "23P01":
		return Unique
	case "42501", "28000", "28P01":
		return Permission
	case "42P01", "42703", "42704", "42883", "3F000":
		return Schema
	case "42804", "54000":
		return Data
	}
	switch {
	case strings.HasPrefix(state, "08"):
		return Reconnect
	case strings.HasPrefix(state, "53"):
		return Resources
	case strings.HasPrefix(state, "22"), strings.HasPrefix(state, "23"):
		return Data
	default:
		return Unexpected
	}
}

// broken tells whether the connection failed rather than a statement.
func broken(err error) bool {
	var network net.Error
	var connect *pgconn.ConnectError
	return errors.As(err, &network) || errors.As(err, &connect) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, io.ErrClosedPipe) || strings.Contains(err.Error(), "conn closed")
}

// silence is a server that has not answered within a bound that the engine has set
// itself, while the caller has time left: a connection of no use, and the next one may
// be better. It does not lead to the time-out below it, which would read as the end of
// the caller's time.
type silence struct{ text string }

func (s *silence) Error() string { return s.text }
func (*silence) Timeout() bool   { return true }
func (*silence) Temporary() bool { return true }

// overdue is Reduce for what was done under a bound of the engine's own: a time-out is
// the caller's only when the caller's context is over.
func overdue(ctx context.Context, err error) error {
	var server *pgconn.PgError
	if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) || errors.As(err, &server) {
		return Reduce(err)
	}
	return &silence{err.Error()}
}

// Within does something that may take no longer than limit. Where it would, the error
// is of class Reconnect as long as ctx is not over: the connection was given up.
func Within(ctx context.Context, limit time.Duration, do func(ctx context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return overdue(ctx, do(limited))
}
