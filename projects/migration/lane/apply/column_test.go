package apply

import (
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/change"
)

// A column travels like a slice of texts, of which nil is NULL.
func TestAColumnIsAnArrayOfTexts(t *testing.T) {
	a, empty, odd := "a", "", `{"\,NULL}`
	for name, values := range map[string][]*string{
		"none": {}, "one": {&a}, "NULL first": {nil, &a}, "NULL only": {nil}, "many": {&a, nil, &empty, &odd, &a},
	} {
		rows := make([]change.Row, len(values))
		for i, value := range values {
			rows[i] = change.Row{{Kind: change.Unchanged}, {}}
			if value != nil {
				rows[i][1] = change.Value{Kind: change.Text, Text: *value}
			}
		}
		for _, format := range []int16{pgtype.BinaryFormatCode, pgtype.TextFormatCode} {
			m := pgtype.NewMap()
			want, err := m.Encode(pgtype.TextArrayOID, format, values, nil)
			require.NoError(t, err)
			got, err := m.Encode(pgtype.TextArrayOID, format, arrays(rows, []int{1})[0], nil)
			require.NoError(t, err)
			assert.Equal(t, want, got, "%s, format %d", name, format)
		}
	}
}
