// Package checker compares two databases row by row, by means of its own: it
// streams both sides of a table through COPY in one order of keys and reads them
// side by side. It shares no code, no hash and no text of a row with the engine,
// so that it can tell when the engine is wrong. It says nothing of a moment: both
// sides must be at rest.
package checker

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

// Result is what a comparison found. It has no values of rows.
type Result struct {
	Tables []Table
}

// Table is one table's part.
type Table struct {
	Name string
	// Rows is how many the source has. Missing are not on the target, Extra only
	// there, Different on both and not alike.
	Rows, Missing, Extra, Different int64
}

// Equal tells whether all tables hold the same rows.
func (r Result) Equal() bool {
	for _, t := range r.Tables {
		if t.Missing != 0 || t.Extra != 0 || t.Different != 0 {
			return false
		}
	}
	return true
}

// settings fix how values are printed.
const settings = `SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY'; SET IntervalStyle = 'iso_8601'; SET extra_float_digits = 3;
SET bytea_output = 'escape'; SET client_encoding = 'UTF8'; SET row_security = off; SET search_path = ''; SET work_mem = '256MB'`

// Compare compares tables, given by schema.name, that have a primary key.
func Compare(ctx context.Context, source, target string, tables []string) (Result, error) {
	var conns [2]*pgx.Conn
	for i, dsn := range []string{source, target} {
		conn, err := pgx.Connect(ctx, dsn)
		if err != nil {
			return Result{}, errors.New("cannot connect to a side that is to be compared")
		}
		defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it has only read
		if _, err := conn.Exec(ctx, settings); err != nil {
			return Result{}, errors.New("cannot set how values are printed")
		}
		conns[i] = conn
	}
	var result Result
	for _, name := range tables {
		table, err := compare(ctx, conns, name)
		if err != nil {
			return result, fmt.Errorf("table %s: %w", name, err)
		}
		result.Tables = append(result.Tables, table)
	}
	return result, nil
}

// querySQL writes the statement that lists a table: the key in hexadecimal
// digits, which order alike everywhere, then all columns in the order of their
// names.
const querySQL = `
SELECT format('COPY (SELECT encode(convert_to(concat_ws(chr(1), %s), ''UTF8''), ''hex'') COLLATE "C" AS k, %s FROM ONLY %I.%I ORDER BY 1) TO STDOUT',
  (SELECT string_agg(format('%I::text', a.attname), ', ' ORDER BY p.n) FROM unnest(i.indkey::int2[]) WITH ORDINALITY p(attnum, n)
   JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.attnum),
  (SELECT string_agg(format('%I', a.attname), ', ' ORDER BY a.attname) FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  n.nspname, c.relname)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisprimary WHERE n.nspname || '.' || c.relname = $1`

func compare(ctx context.Context, conns [2]*pgx.Conn, name string) (Table, error) {
	table := Table{Name: name}
	var query string
	if err := conns[0].QueryRow(ctx, querySQL, name).Scan(&query); err != nil {
		return table, errors.New("no such table with a primary key")
	}
	group, ctx := errgroup.WithContext(ctx)
	var lines [2]*bufio.Reader
	var ends [2]*io.PipeReader
	for i, conn := range conns {
		reader, writer := io.Pipe()
		ends[i] = reader
		lines[i] = bufio.NewReaderSize(reader, 1<<20)
		group.Go(func() error {
			_, err := conn.PgConn().CopyTo(ctx, writer, query)
			if err != nil {
				err = fmt.Errorf("side %d cannot be read", i+1) // without the server's text
			}
			return errors.Join(err, writer.CloseWithError(err))
		})
	}
	group.Go(func() error {
		err := table.merge(lines)
		for _, end := range ends {
			err = errors.Join(err, end.Close()) // after a failure nobody reads on
		}
		return err
	})
	return table, group.Wait()
}

// line is a row: its key and all of it.
type line struct{ key, row []byte }

func next(from *bufio.Reader) (line, error) {
	row, err := from.ReadBytes('\n')
	if errors.Is(err, io.EOF) && len(row) == 0 {
		return line{}, io.EOF
	}
	if err != nil {
		return line{}, fmt.Errorf("read a row: %w", err)
	}
	key, _, _ := bytes.Cut(row, []byte{'\t'})
	return line{key, row}, nil
}

// merge reads both sides as one. The end of a side comes after every key.
func (t *Table) merge(lines [2]*bufio.Reader) error {
	var at [2]line
	var ended [2]bool
	advance := func(sides ...int) error {
		for _, side := range sides {
			var err error
			at[side], err = next(lines[side])
			if ended[side] = errors.Is(err, io.EOF); err != nil && !ended[side] {
				return err
			}
			if side == 0 && !ended[0] {
				t.Rows++
			}
		}
		return nil
	}
	err := advance(0, 1)
	for err == nil && !(ended[0] && ended[1]) {
		switch order := bytes.Compare(at[0].key, at[1].key); {
		case ended[1] || !ended[0] && order < 0:
			t.Missing++
			err = advance(0)
		case ended[0] || order > 0:
			t.Extra++
			err = advance(1)
		default:
			if !bytes.Equal(at[0].row, at[1].row) {
				t.Different++
			}
			err = advance(0, 1)
		}
	}
	return err
}
