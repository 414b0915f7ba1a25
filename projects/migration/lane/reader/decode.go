package reader

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pglogrepl"

	"github.com/cutover/cutover/projects/migration/lane/change"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// MarkerPrefix is the prefix of the message with which the engine's own
// transactions begin.
const MarkerPrefix = "bgsync.echo"

// controls are the engine's own published tables.
var controls = map[string]change.ItemKind{
	"lane": change.LaneRow, "chunk": change.ChunkRow, "authority": change.AuthorityRow,
	"canary": change.CanaryRow, "ddl_log": change.SchemaRow,
}

// DriftError tells that a table in the stream is not the one that the lane was
// made for.
type DriftError struct{ Table, What string }

// Error names the table and the difference.
func (e *DriftError) Error() string {
	return fmt.Sprintf("table %s in the stream: %s", e.Table, e.What)
}

// source is a relation of the stream.
type source struct {
	kind  change.ItemKind
	table *relation.Table
	// places has for every column of the stream its place in the table's row.
	places []int
	// names are the columns of the stream, for control tables.
	names []string
}

// Widen turns the 32-bit id of a transaction into the full one.
type Widen func(xid uint32) uint64

// Decoder turns messages into pieces. A transaction that is larger than Cut comes
// in several.
type Decoder struct {
	Tables map[string]*relation.Table // by schema.name
	Canary *relation.Table
	Widen  Widen
	// Cut is the size in bytes at which a piece of an unfinished transaction is
	// given away.
	Cut int

	from      pglogrepl.LSN
	skip      skip
	relations map[uint32]source
	current   *change.Piece
	ordinal   int64
	// reshapes tells that the transaction under way has entries of the log of DDL.
	reshapes bool
}

// Decode takes one message and returns the piece that it completes, if it does.
func (d *Decoder) Decode(log pglogrepl.XLogData) (*change.Piece, error) {
	if done, err := d.pass(log); done || err != nil {
		return nil, err
	}
	message, err := pglogrepl.Parse(log.WALData)
	if err != nil {
		return nil, fmt.Errorf("parse message at %s: %w", log.WALStart, err)
	}
	switch m := message.(type) {
	case *pglogrepl.RelationMessage:
		return nil, d.relation(m)
	case *pglogrepl.BeginMessage:
		return nil, d.begin(m)
	case *pglogrepl.CommitMessage:
		return d.commit(m)
	case *pglogrepl.LogicalDecodingMessage:
		if m.Transactional && m.Prefix == MarkerPrefix && d.current != nil {
			d.mark()
		}
		return nil, nil
	case *pglogrepl.TypeMessage, *pglogrepl.OriginMessage:
		return nil, nil
	default:
		return d.row(message, log.WALStart)
	}
}

func (d *Decoder) begin(m *pglogrepl.BeginMessage) error {
	if err := d.expect(m); err != nil {
		return err
	}
	d.ordinal, d.reshapes = 0, false
	d.current = &change.Piece{First: true, Bytes: 64, Transaction: change.Transaction{
		Commit: m.FinalLSN, Xid: d.Widen(m.Xid), CommittedAt: m.CommitTime,
	}}
	return nil
}

func (d *Decoder) commit(m *pglogrepl.CommitMessage) (*change.Piece, error) {
	piece := d.current
	if piece == nil || piece.Transaction.Commit != m.CommitLSN {
		return nil, fmt.Errorf("a commit at %s without its beginning", m.CommitLSN)
	}
	if d.pending() && m.CommitLSN == d.skip.part.Commit {
		return nil, &TornError{Part: d.skip.part, What: fmt.Sprintf("it has %d changes", d.ordinal)}
	}
	piece.Last, piece.Transaction.End, piece.Reshapes = true, m.TransactionEndLSN, d.reshapes
	d.current = nil
	return piece, nil
}

// row takes a message of a row or of a TRUNCATE.
func (d *Decoder) row(message pglogrepl.Message, at pglogrepl.LSN) (*change.Piece, error) {
	if d.current == nil {
		return nil, fmt.Errorf("a %s outside of a transaction", message.Type())
	}
	before := len(d.current.Items)
	var err error
	if d.current.Items, err = d.items(d.current.Items, message, at); err != nil {
		return nil, err
	}
	for i := before; i < len(d.current.Items); i++ {
		d.current.Bytes += d.current.Items[i].Change.Bytes()
	}
	d.ordinal++
	if d.current.Bytes < d.Cut {
		return nil, nil
	}
	piece := d.current
	d.current = &change.Piece{Transaction: piece.Transaction, Bytes: 64}
	return piece, nil
}

// items adds what a message is about: one item, or one for every kind of table
// that a TRUNCATE names.
func (d *Decoder) items(to []change.Item, message pglogrepl.Message, at pglogrepl.LSN) ([]change.Item, error) {
	switch m := message.(type) {
	case *pglogrepl.InsertMessage:
		return d.item(to, m.RelationID, d.change(change.Insert, at), nil, m.Tuple)
	case *pglogrepl.UpdateMessage:
		return d.item(to, m.RelationID, d.change(change.Update, at), m.OldTuple, m.NewTuple)
	case *pglogrepl.DeleteMessage:
		return d.item(to, m.RelationID, d.change(change.Delete, at), m.OldTuple, nil)
	case *pglogrepl.TruncateMessage:
		return d.truncate(to, m, d.change(change.Truncate, at))
	default:
		return nil, fmt.Errorf("message %s in the stream is not of protocol version 1", message.Type())
	}
}

// change is a change of the transaction under way, without its rows.
func (d *Decoder) change(op change.Op, at pglogrepl.LSN) change.Change {
	tx := d.current.Transaction
	return change.Change{Op: op, Commit: tx.Commit, Xid: tx.Xid, At: at, Ordinal: d.ordinal}
}

// item adds the change of one row.
func (d *Decoder) item(to []change.Item, id uint32, c change.Change, old, image *pglogrepl.TupleData) ([]change.Item, error) {
	from, known := d.relations[id]
	if !known {
		return to, fmt.Errorf("relation %d: a row before its description", id)
	}
	to = append(to, change.Item{Kind: from.kind})
	item := &to[len(to)-1]
	if from.kind == change.SchemaRow {
		d.reshapes = true
		if c.Op == change.Insert {
			item.Schema = from.entry(image)
		}
		return to, nil
	}
	if from.kind == change.AuthorityRow {
		authority, err := from.authority(image)
		item.Authority = authority
		return to, err
	}
	if from.table == nil {
		return to, nil
	}
	item.Change, item.Change.Table = c, from.table
	var err error
	if item.Change.Old, err = from.image(old); err != nil {
		return to, err
	}
	if item.Change.New, err = from.image(image); err != nil {
		return to, err
	}
	return to, item.Change.Settle()
}

// truncate adds one change of all replicated tables, and an item for each of the
// engine's own.
func (d *Decoder) truncate(to []change.Item, m *pglogrepl.TruncateMessage, c change.Change) ([]change.Item, error) {
	all := change.Item{Kind: change.DataRow, Change: c}
	for _, id := range m.RelationIDs {
		from, known := d.relations[id]
		switch {
		case !known:
			return to, fmt.Errorf("relation %d: truncated before its description", id)
		case from.kind == change.DataRow:
			all.Change.Truncated = append(all.Change.Truncated, from.table)
		default:
			to = append(to, change.Item{Kind: change.LaneRow}) // nobody truncates the engine's tables in good faith
		}
	}
	if all.Change.Truncated != nil {
		to = append(to, all)
	}
	return to, nil
}

// relation takes the description of a table and checks that it is the one that
// the lane was made for.
func (d *Decoder) relation(m *pglogrepl.RelationMessage) error {
	if d.relations == nil {
		d.relations = map[uint32]source{}
	}
	names := make([]string, len(m.Columns))
	for i, column := range m.Columns {
		names[i] = column.Name
	}
	if m.Namespace == "bgsync" {
		from := source{kind: controls[m.RelationName], names: names}
		if from.kind == 0 {
			return &DriftError{Table: m.Namespace + "." + m.RelationName, What: "is published and is none of the engine's published tables"}
		}
		if from.kind == change.CanaryRow {
			from.table = d.Canary
			from.places = places(names, d.Canary)
		}
		d.relations[m.RelationID] = from
		return nil
	}
	full := m.Namespace + "." + m.RelationName
	table := d.Tables[full]
	if table == nil {
		return &DriftError{Table: full, What: "is published and not in the plan"}
	}
	if what := drift(m, table); what != "" {
		return &DriftError{Table: full, What: what}
	}
	d.relations[m.RelationID] = source{kind: change.DataRow, table: table, places: places(names, table)}
	return nil
}

// drift says in what a description differs from the table.
func drift(m *pglogrepl.RelationMessage, table *relation.Table) string {
	if len(m.Columns) != len(table.Columns) {
		return fmt.Sprintf("has %d columns, expected %d", len(m.Columns), len(table.Columns))
	}
	if relation.Identity(m.ReplicaIdentity) != table.Identity {
		return fmt.Sprintf("has replica identity %c, expected %s", m.ReplicaIdentity, table.Identity)
	}
	for _, column := range m.Columns {
		at := slices.IndexFunc(table.Columns, func(c relation.Column) bool { return c.Name == column.Name })
		switch {
		case at < 0:
			return fmt.Sprintf("has a column %q that is not expected", column.Name)
		case table.Columns[at].TypeOID != column.DataType || table.Columns[at].Modifier != column.TypeModifier:
			return fmt.Sprintf("column %q has another type, expected %s", column.Name, table.Columns[at].Modified)
		case table.Identity != relation.IdentityFull && table.IsKey(at) != (column.Flags&1 == 1):
			return fmt.Sprintf("column %q: part of the key: %t, expected %t", column.Name, column.Flags&1 == 1, table.IsKey(at))
		}
	}
	return ""
}

// places maps the columns of the stream to those of the table.
func places(names []string, table *relation.Table) []int {
	list := make([]int, len(names))
	for i, name := range names {
		list[i] = slices.IndexFunc(table.Columns, func(c relation.Column) bool { return c.Name == name })
	}
	return list
}

// image puts the values of a tuple into the table's order.
func (s source) image(tuple *pglogrepl.TupleData) (change.Row, error) {
	if tuple == nil {
		return nil, nil
	}
	if len(tuple.Columns) != len(s.places) {
		return nil, &DriftError{Table: s.table.FullName(), What: fmt.Sprintf("a row of %d values, expected %d", len(tuple.Columns), len(s.places))}
	}
	row := make(change.Row, len(s.table.Columns))
	for i, column := range tuple.Columns {
		switch column.DataType {
		case pglogrepl.TupleDataTypeText:
			row[s.places[i]] = change.Value{Kind: change.Text, Text: string(column.Data)}
		case pglogrepl.TupleDataTypeToast:
			row[s.places[i]] = change.Value{Kind: change.Unchanged}
		case pglogrepl.TupleDataTypeNull:
		default:
			return nil, fmt.Errorf("table %s: a value of kind %q, expected text", s.table.FullName(), column.DataType)
		}
	}
	return row, nil
}

// entry reads a row of the log of DDL.
func (s source) entry(tuple *pglogrepl.TupleData) change.SchemaEntry {
	var found change.SchemaEntry
	for i, column := range tuple.Columns {
		if i >= len(s.names) || column.DataType != pglogrepl.TupleDataTypeText {
			continue
		}
		switch s.names[i] {
		case "tag":
			found.Tag = string(column.Data)
		case "object":
			found.Object = string(column.Data)
		case "fingerprint":
			found.Fingerprint, _ = hex.DecodeString(strings.TrimPrefix(string(column.Data), `\x`)) // what is no digest is not expected
		}
	}
	return found
}

// authority reads the authority row.
func (s source) authority(tuple *pglogrepl.TupleData) (change.Authority, error) {
	var found change.Authority
	if tuple == nil {
		return found, &DriftError{Table: "bgsync.authority", What: "has lost its row"}
	}
	for i, column := range tuple.Columns {
		if i >= len(s.names) || column.DataType != pglogrepl.TupleDataTypeText {
			continue
		}
		value := string(column.Data)
		switch s.names[i] {
		case "epoch":
			if _, err := fmt.Sscanf(value, "%d", &found.Epoch); err != nil {
				return found, fmt.Errorf("authority row: epoch is no number: %w", err)
			}
		case "writable":
			found.Writable = value == "t"
		case "attempt":
			found.Attempt = value
		}
	}
	if found.Epoch < 1 {
		return found, &DriftError{Table: "bgsync.authority", What: "has no epoch"}
	}
	return found, nil
}
