package pg_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

func TestAServerErrorKeepsNamesAndLosesValues(t *testing.T) {
	err := pg.Wrap(fmt.Errorf("exec: %w", &pgconn.PgError{
		Code: "23505", SchemaName: "public", TableName: "card", ConstraintName: "card_pan_key", ColumnName: "pan",
		Message: "duplicate 4111111111111111", Detail: "Key (pan)=(4111111111111111)", Hint: "4111111111111111", Where: "COPY card, line 1: 4111111111111111",
	}), "insert into %s", "public.card")
	require.EqualError(t, err, "insert into public.card: SQLSTATE 23505, relation public.card, constraint card_pan_key, column pan")
	var server *pg.ServerError
	require.ErrorAs(t, err, &server)
	var whole *pgconn.PgError
	assert.NotErrorAs(t, err, &whole, "nobody behind Reduce can print the message")
	assert.NoError(t, pg.Wrap(nil, "nothing"))
}

// An error within a function of the application is none of the tables'. Of its context
// the function's name is kept, where that is what it begins with, and nothing else.
func TestAnErrorInAFunctionIsToldAsThat(t *testing.T) {
	for where, function := range map[string]string{
		`PL/pgSQL function public.fee(integer) line 1 at RETURN`:                                       "public.fee",
		"SQL function \"fee\" during inlining\nCOPY card, line 1: \"4111\"":                            "fee",
		"COPY card, line 1: \"4111\nSQL function \"4111\"\"":                                           "",
		"SQL statement \"SELECT 4111\"\nPL/pgSQL function public.fee(integer) line 1 at SQL statement": "",
		"": "",
	} {
		err := pg.Wrap(&pgconn.PgError{Code: "42883", Where: where}, "write")
		assert.NotContains(t, err.Error(), "4111")
		if function == "" {
			assert.Equal(t, pg.Schema, pg.Classify(err), where)
			continue
		}
		assert.EqualError(t, err, "write: SQLSTATE 42883, in function "+function)
		assert.Equal(t, pg.Unexpected, pg.Classify(err))
	}
}

func TestEveryErrorHasItsReaction(t *testing.T) {
	state := func(code string) error { return &pgconn.PgError{Code: code} }
	for name, row := range map[string]struct {
		err  error
		want pg.Class
	}{
		"serialization":    {state("40001"), pg.Retry},
		"deadlock":         {state("40P01"), pg.Retry},
		"lock timeout":     {state("55P03"), pg.Retry},
		"cancelled":        {state("57014"), pg.Retry},
		"server ends":      {state("57P01"), pg.Reconnect},
		"read only":        {state("25006"), pg.Reconnect},
		"slot is active":   {state("55006"), pg.Reconnect},
		"idle too long":    {state("25P03"), pg.Reconnect},
		"connection":       {state("08006"), pg.Reconnect},
		"disk full":        {state("53100"), pg.Resources},
		"unique":           {state("23505"), pg.Unique},
		"exclusion":        {state("23P01"), pg.Unique},
		"check":            {state("23514"), pg.Data},
		"foreign key":      {state("23503"), pg.Data},
		"out of range":     {state("22003"), pg.Data},
		"wrong type":       {state("42804"), pg.Data},
		"row too large":    {state("54000"), pg.Data},
		"no right":         {state("42501"), pg.Permission},
		"no table":         {state("42P01"), pg.Schema},
		"no column":        {state("42703"), pg.Schema},
		"internal":         {state("XX000"), pg.Unexpected},
		"end of stream":    {fmt.Errorf("receive: %w", io.ErrUnexpectedEOF), pg.Reconnect},
		"over":             {fmt.Errorf("wait: %w", context.DeadlineExceeded), pg.Ended},
		"reduced stays so": {pg.Reduce(state("40001")), pg.Retry},
		"anything else":    {errors.New("?"), pg.Unexpected},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, row.want, pg.Classify(row.err)) })
	}
}

func TestQuotingKeepsTextInside(t *testing.T) {
	assert.Equal(t, `"a""b"."C"`, pg.Ident(`a"b`, "C"))
	assert.Equal(t, `'it''s \n'`, pg.Literal(`it's \n`))
}
