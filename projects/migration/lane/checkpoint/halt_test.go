package checkpoint_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// card stands for what may be told nowhere.
const card = "4111111111111111"

// What a server says of a row stands in its message, detail, hint, context and query;
// a reason has none of them, however the error was wrapped.
func TestAReasonHasNothingOfWhatAServerSaysOfARow(t *testing.T) {
	told := &pgconn.PgError{
		Severity: "ERROR", Code: "23505", Message: "duplicate key " + card, Detail: "Key (pan)=(" + card + ") already exists.", Hint: card, Where: card,
		InternalQuery: card, SchemaName: "card", TableName: "token", ColumnName: "pan", ConstraintName: "token_pan_key",
	}
	const reduced = "SQLSTATE 23505, relation card.token, constraint token_pan_key, column pan"
	for name, err := range map[string]error{
		"as it came":   told,
		"wrapped":      fmt.Errorf("write %s: %w", card, told),
		"beside":       errors.Join(errors.New("ended"), told),
		"wrapped anew": fmt.Errorf("once more: %w", fmt.Errorf("batch: %w", told)),
	} {
		halt := checkpoint.NewHalt(checkpoint.Unexpected, "change %d: %v", 7, err)
		assert.Equal(t, "change 7: "+reduced, halt.Reason, name)
		assert.NotContains(t, halt.Error(), card, name)
	}
	assert.Equal(t, "read tables: "+reduced, checkpoint.NewHalt(checkpoint.Unexpected, "%v", pg.Wrap(told, "read tables")).Reason)
}

func TestAReasonIsCutAtTheEndOfACharacter(t *testing.T) {
	halt := checkpoint.NewHalt(checkpoint.SchemaDrift, "a%s\xff", strings.Repeat("é", 900))
	assert.Len(t, halt.Reason, 999)
	assert.True(t, utf8.ValidString(halt.Reason))
	assert.Equal(t, "not \x3f", checkpoint.NewHalt(checkpoint.Gap, "not \xff").Reason)
}
