package reader

import (
	"encoding/binary"
	"testing"

	"github.com/jackc/pglogrepl"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/change"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// thing is a table of which the stream has the columns in another order.
var thing = &relation.Table{
	ID: 1, Schema: "public", Name: "thing", Identity: relation.IdentityDefault,
	Columns: []relation.Column{{Name: "a"}, {Name: "id"}, {Name: "z"}}, Key: []int{1},
}

var streamed = source{name: "public.thing", kind: change.DataRow, table: thing, places: []int{1, 0, 2}, names: []string{"id", "a", "z"}}

// values writes a tuple: a string is a text, nil is NULL, false is left out.
func values(list ...any) []byte {
	data := binary.BigEndian.AppendUint16(nil, uint16(len(list)))
	for _, value := range list {
		switch v := value.(type) {
		case string:
			data = append(binary.BigEndian.AppendUint32(append(data, 't'), uint32(len(v))), v...)
		case nil:
			data = append(data, 'n')
		default:
			data = append(data, 'u')
		}
	}
	return data
}

// message writes a message about a row of relation 7: images behind their letters.
func message(kind byte, images ...any) []byte {
	data := binary.BigEndian.AppendUint32([]byte{kind}, 7)
	for _, image := range images {
		switch v := image.(type) {
		case rune:
			data = append(data, byte(v))
		case []byte:
			data = append(data, v...)
		}
	}
	return data
}

func decoder() *Decoder {
	return &Decoder{
		Cut: 1 << 20, relations: map[uint32]source{7: streamed},
		current: &change.Piece{First: true, Transaction: change.Transaction{Commit: 5, Xid: 6}},
	}
}

// library is the same message as the protocol's library reads it.
func library(t *testing.T, data []byte) (former, now change.Row) {
	t.Helper()
	read := func(tuple *pglogrepl.TupleData) change.Row {
		if tuple == nil {
			return nil
		}
		row := make(change.Row, len(thing.Columns))
		for i, column := range tuple.Columns {
			switch column.DataType {
			case pglogrepl.TupleDataTypeText:
				row[streamed.places[i]] = change.Value{Kind: change.Text, Text: string(column.Data)}
			case pglogrepl.TupleDataTypeToast:
				row[streamed.places[i]] = change.Value{Kind: change.Unchanged}
			}
		}
		return row
	}
	parsed, err := pglogrepl.Parse(data)
	require.NoError(t, err)
	switch m := parsed.(type) {
	case *pglogrepl.InsertMessage:
		return nil, read(m.Tuple)
	case *pglogrepl.UpdateMessage:
		return read(m.OldTuple), read(m.NewTuple)
	case *pglogrepl.DeleteMessage:
		return read(m.OldTuple), nil
	}
	t.Fatalf("a %T", parsed)
	return nil, nil
}

var messages = map[string]struct {
	data []byte
	op   change.Op
}{
	"insert":                      {message('I', 'N', values("1", "text", nil)), change.Insert},
	"insert of empty texts":       {message('I', 'N', values("1", "", "ä€")), change.Insert},
	"update":                      {message('U', 'N', values("1", nil, "x")), change.Update},
	"update, value left out":      {message('U', 'N', values("1", false, "x")), change.Update},
	"update of the key":           {message('U', 'K', values("1", nil, nil), 'N', values("2", "a", "b")), change.Update},
	"update, full identity":       {message('U', 'O', values("1", "was", nil), 'N', values("1", "is", nil)), change.Update},
	"deletion":                    {message('D', 'K', values("1", nil, nil)), change.Delete},
	"deletion, full identity":     {message('D', 'O', values("1", "a", "b")), change.Delete},
	"a text like a tuple's bytes": {message('I', 'N', values("1", "t\x00\x00\x00\x01n", "u")), change.Insert},
}

func TestARowIsReadAsTheProtocolsLibraryReadsIt(t *testing.T) {
	for name, c := range messages {
		t.Run(name, func(t *testing.T) {
			d := decoder()
			piece, err := d.Decode(pglogrepl.XLogData{WALStart: 9, WALData: c.data})
			require.NoError(t, err)
			require.Nil(t, piece, "the transaction is not over")
			require.Len(t, d.current.Items, 1)
			got := d.current.Items[0]
			former, now := library(t, c.data)
			assert.Equal(t, change.Change{Table: thing, Op: c.op, Old: former, New: now, Commit: 5, Xid: 6, At: 9}, got.Change)
			assert.Equal(t, change.DataRow, got.Kind)
			assert.EqualValues(t, 1, d.ordinal)
		})
	}
}

// Whatever is missing of a message, it is an error and no row.
func TestAMessageThatIsCutShortIsAnError(t *testing.T) {
	for name, c := range messages {
		for end := 1; end < len(c.data); end++ {
			d := decoder()
			_, err := d.Decode(pglogrepl.XLogData{WALStart: 9, WALData: c.data[:end:end]})
			require.ErrorIs(t, err, errShort, "%s, %d of %d bytes", name, end, len(c.data))
			require.Empty(t, d.current.Items)
		}
	}
}

func TestWhatARowCannotBeIsRefused(t *testing.T) {
	strange := values("1", "a", "b")
	strange[2] = 'b' // binary, which was not asked for
	for name, data := range map[string][]byte{
		"a value of another kind":    message('I', 'N', strange),
		"an insert with a key":       message('I', 'K', values("1", nil, nil)),
		"an update without its row":  message('U', 'K', values("1", nil, nil), 'X'),
		"a deletion with a new row":  message('D', 'N', values("1", nil, nil)),
		"fewer values":               message('I', 'N', values("1", nil)),
		"more values":                message('I', 'N', values("1", nil, nil, nil)),
		"a deletion without its key": message('D', 'K', values(nil, nil, nil)),
		"a length beyond all":        append(message('I', 'N'), 0, 3, 't', 0xff, 0xff, 0xff, 0xff),
	} {
		d := decoder()
		_, err := d.Decode(pglogrepl.XLogData{WALStart: 9, WALData: data})
		assert.Error(t, err, name)
		assert.Empty(t, d.current.Items, name)
	}
	d := decoder()
	d.current = nil
	_, err := d.Decode(pglogrepl.XLogData{WALStart: 9, WALData: message('I', 'N', values("1", nil, nil))})
	assert.ErrorContains(t, err, "outside of a transaction")
}

// The rows of a transaction stay as they were when the message's bytes are used again.
func TestARowOwnsItsTexts(t *testing.T) {
	d, data := decoder(), message('I', 'N', values("1", "text", "more"))
	_, err := d.Decode(pglogrepl.XLogData{WALStart: 9, WALData: data})
	require.NoError(t, err)
	clear(data)
	assert.Equal(t, change.Row{{Kind: change.Text, Text: "text"}, {Kind: change.Text, Text: "1"}, {Kind: change.Text, Text: "more"}}, d.current.Items[0].Change.New)
}
