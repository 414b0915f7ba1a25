package reader

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/jackc/pglogrepl"

	"github.com/cutover/cutover/projects/migration/lane/change"
)

// errShort tells that a message ends before it says all that it should.
var errShort = errors.New("a message is cut short")

// A backlog is made of messages about single rows. They are taken apart here and not
// by the protocol's library, which allocates for every value of a row: here a row
// takes two allocations, one for all its texts.
//
// rowMessage is a message about one row.
type rowMessage struct {
	op       change.Op
	relation uint32
	rest     []byte // the row's images, each behind a letter that says which it is
}

// split takes a message about one row; it is none when found is false.
func split(data []byte) (m rowMessage, found bool, err error) {
	if len(data) == 0 {
		return m, false, nil
	}
	switch pglogrepl.MessageType(data[0]) {
	case pglogrepl.MessageTypeInsert:
		m.op = change.Insert
	case pglogrepl.MessageTypeUpdate:
		m.op = change.Update
	case pglogrepl.MessageTypeDelete:
		m.op = change.Delete
	default:
		return m, false, nil
	}
	if len(data) < 5 {
		return m, true, errShort
	}
	m.relation, m.rest = binary.BigEndian.Uint32(data[1:]), data[5:]
	return m, true, nil
}

// images reads the row as it was, as far as the source sends that, and as it is.
func (m rowMessage) images(from source) (former, now change.Row, err error) {
	rest := m.rest
	if len(rest) > 0 && m.op != change.Insert && (rest[0] == 'K' || rest[0] == 'O') {
		if former, rest, err = from.image(rest[1:]); err != nil {
			return nil, nil, err
		}
	}
	if m.op == change.Delete && former != nil {
		return former, nil, nil
	}
	if len(rest) == 0 {
		return nil, nil, errShort
	}
	if m.op == change.Delete || rest[0] != 'N' {
		return nil, nil, fmt.Errorf("%s with an image of kind %q", m.op, rest[0])
	}
	now, _, err = from.image(rest[1:])
	return former, now, err
}

// image reads the values of one row into the table's order, and returns what follows
// them.
func (s source) image(data []byte) (change.Row, []byte, error) {
	if len(data) < 2 {
		return nil, nil, errShort
	}
	if count := int(binary.BigEndian.Uint16(data)); count != len(s.places) {
		return nil, nil, &DriftError{Table: s.name, What: fmt.Sprintf("a row of %d values, expected %d", count, len(s.places))}
	}
	end, err := s.length(data)
	if err != nil {
		return nil, nil, err
	}
	text := string(data[:end]) // of which the values are parts
	row, at := make(change.Row, s.width()), 2
	for _, place := range s.places {
		switch kind := text[at]; kind {
		case pglogrepl.TupleDataTypeText:
			begin := at + 5
			at = begin + int(binary.BigEndian.Uint32(data[at+1:]))
			row[place] = change.Value{Kind: change.Text, Text: text[begin:at]}
		case pglogrepl.TupleDataTypeToast:
			row[place] = change.Value{Kind: change.Unchanged}
			at++
		default: // NULL: length has looked
			at++
		}
	}
	return row, data[end:], nil
}

// width is how many values a row has.
func (s source) width() int {
	if s.table == nil {
		return len(s.places)
	}
	return len(s.table.Columns)
}

// length is where the values of one row end.
func (s source) length(data []byte) (int, error) {
	at := 2
	for range s.places {
		if at >= len(data) {
			return 0, errShort
		}
		switch kind := data[at]; kind {
		case pglogrepl.TupleDataTypeText:
			if at+5 > len(data) {
				return 0, errShort
			}
			at += 5 + int(binary.BigEndian.Uint32(data[at+1:]))
		case pglogrepl.TupleDataTypeToast, pglogrepl.TupleDataTypeNull:
			at++
		default:
			return 0, fmt.Errorf("table %s: a value of kind %q, expected text", s.name, kind)
		}
	}
	if at > len(data) {
		return 0, errShort
	}
	return at, nil
}
