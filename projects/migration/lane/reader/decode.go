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
	name  string // schema.name
	kind  change.ItemKind
	table *relation.Table
	// places has for every column of the stream its place in the table's row. Rows of
	// control tables are read in the stream's order.
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
	// usual is how many items the transaction before had, as far as that is few.
	usual int
	// reshapes tells that the transaction under way has entries of the log of DDL.
	reshapes bool
}

// tooLarge is a piece of the transaction under way that stands for a message of so many
// bytes.
func (d *Decoder) tooLarge(bytes int) change.Piece {
	piece := change.Piece{TooLarge: bytes}
	if d.current != nil {
		piece.Transaction = d.current.Transaction
	}
	return piece
}

// Decode takes one message and returns the piece that it completes, if it does.
func (d *Decoder) Decode(log pglogrepl.XLogData) (*change.Piece, error) {
	if done, err := d.pass(log); done || err != nil {
		return nil, err
	}
	if m, found, err := split(log.WALData); found || err != nil {
		return d.row(m, log.WALStart, err)
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
	case *pglogrepl.TruncateMessage:
		return d.truncated(m, log.WALStart)
	default:
		return nil, fmt.Errorf("message %s in the stream is not of protocol version 1", message.Type())
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
	d.current, d.usual = nil, min(len(piece.Items), 64)
	return piece, nil
}

// row takes a message about one row.
func (d *Decoder) row(m rowMessage, at pglogrepl.LSN, failed error) (*change.Piece, error) {
	if failed != nil {
		return nil, fmt.Errorf("parse message at %s: %w", at, failed)
	}
	if d.current == nil {
		return nil, fmt.Errorf("a %s at %s outside of a transaction", m.op, at)
	}
	item, err := d.item(m, at)
	if err != nil {
		return nil, err
	}
	if d.current.Items == nil {
		d.current.Items = make([]change.Item, 0, d.usual)
	}
	d.current.Items = append(d.current.Items, item)
	return d.taken(item.Change.Bytes()), nil
}

// truncated takes a TRUNCATE.
func (d *Decoder) truncated(m *pglogrepl.TruncateMessage, at pglogrepl.LSN) (*change.Piece, error) {
	if d.current == nil {
		return nil, fmt.Errorf("a TRUNCATE at %s outside of a transaction", at)
	}
	items, err := d.truncate(m, d.change(change.Truncate, at))
	if err != nil {
		return nil, err
	}
	d.current.Items = append(d.current.Items, items...)
	bytes := 0
	for i := range items {
		bytes += items[i].Change.Bytes()
	}
	return d.taken(bytes), nil
}

// taken counts a message, and gives the piece away when it is large.
func (d *Decoder) taken(bytes int) *change.Piece {
	d.ordinal++
	if d.current.Bytes += bytes; d.current.Bytes < d.Cut {
		return nil
	}
	piece := d.current
	d.current = &change.Piece{Transaction: piece.Transaction, Bytes: 64}
	return piece
}

// change is a change of the transaction under way, without its rows.
func (d *Decoder) change(op change.Op, at pglogrepl.LSN) change.Change {
	tx := d.current.Transaction
	return change.Change{Op: op, Commit: tx.Commit, Xid: tx.Xid, At: at, Ordinal: d.ordinal}
}

// item reads what a message about one row tells.
func (d *Decoder) item(m rowMessage, at pglogrepl.LSN) (change.Item, error) {
	from, known := d.relations[m.relation]
	if !known {
		return change.Item{}, fmt.Errorf("relation %d: a row before its description", m.relation)
	}
	item := change.Item{Kind: from.kind}
	if from.kind == change.SchemaRow {
		d.reshapes = true
	}
	if from.places == nil {
		return item, nil
	}
	former, now, err := m.images(from)
	if err != nil {
		return item, err
	}
	switch from.kind {
	case change.SchemaRow:
		if m.op == change.Insert {
			item.Schema = from.entry(now)
		}
		return item, nil
	case change.AuthorityRow:
		item.Authority, err = from.authority(now)
		return item, err
	case change.Marker, change.LaneRow, change.ChunkRow, change.CanaryRow, change.DataRow:
	}
	item.Change = d.change(m.op, at)
	item.Change.Table, item.Change.Old, item.Change.New = from.table, former, now
	return item, item.Change.Settle()
}

// truncate is an item for each of the engine's own tables, and one change of all
// replicated ones.
func (d *Decoder) truncate(m *pglogrepl.TruncateMessage, c change.Change) (items []change.Item, err error) {
	all := change.Item{Kind: change.DataRow, Change: c}
	for _, id := range m.RelationIDs {
		from, known := d.relations[id]
		switch {
		case !known:
			return nil, fmt.Errorf("relation %d: truncated before its description", id)
		case from.kind == change.DataRow:
			all.Change.Truncated = append(all.Change.Truncated, from.table)
		default:
			items = append(items, change.Item{Kind: change.LaneRow}) // nobody truncates the engine's tables in good faith
		}
	}
	if all.Change.Truncated != nil {
		items = append(items, all)
	}
	return items, nil
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
	full := m.Namespace + "." + m.RelationName
	if m.Namespace == "bgsync" {
		from := source{name: full, kind: controls[m.RelationName], names: names}
		switch from.kind {
		case change.CanaryRow:
			from.table = d.Canary
			from.places = places(names, d.Canary)
		case change.AuthorityRow, change.SchemaRow:
			from.places = inOrder(len(names))
		case change.LaneRow, change.ChunkRow: // that they change is all that counts
		case change.Marker, change.DataRow:
		default:
			return &DriftError{Table: full, What: "is published and is none of the engine's published tables"}
		}
		d.relations[m.RelationID] = from
		return nil
	}
	table := d.Tables[full]
	if table == nil {
		return &DriftError{Table: full, What: "is published and not in the plan"}
	}
	if what := drift(m, table); what != "" {
		return &DriftError{Table: full, What: what}
	}
	d.relations[m.RelationID] = source{name: full, kind: change.DataRow, table: table, places: places(names, table)}
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

// inOrder is the place of each of so many columns when they stay where they are.
func inOrder(columns int) []int {
	list := make([]int, columns)
	for i := range list {
		list[i] = i
	}
	return list
}

// entry reads a row of the log of DDL.
func (s source) entry(row change.Row) *change.SchemaEntry {
	found := &change.SchemaEntry{}
	for i, value := range row {
		if value.Kind != change.Text {
			continue
		}
		switch s.names[i] {
		case "tag":
			found.Tag = value.Text
		case "object":
			found.Object = value.Text
		case "fingerprint":
			found.Fingerprint, _ = hex.DecodeString(strings.TrimPrefix(value.Text, `\x`)) // what is no digest is not expected
		}
	}
	return found
}

// authority reads the authority row.
func (s source) authority(row change.Row) (*change.Authority, error) {
	found := &change.Authority{}
	if row == nil {
		return found, &DriftError{Table: s.name, What: "has lost its row"}
	}
	for i, value := range row {
		if value.Kind != change.Text {
			continue
		}
		switch s.names[i] {
		case "epoch":
			if _, err := fmt.Sscanf(value.Text, "%d", &found.Epoch); err != nil {
				return found, fmt.Errorf("authority row: epoch is no number: %w", err)
			}
		case "writable":
			found.Writable = value.Text == "t"
		case "attempt":
			found.Attempt = value.Text
		}
	}
	if found.Epoch < 1 {
		return found, &DriftError{Table: s.name, What: "has no epoch"}
	}
	return found, nil
}
