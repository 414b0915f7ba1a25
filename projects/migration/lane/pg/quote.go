package pg

import (
	"strings"

	"github.com/jackc/pgx/v5"
)

// Ident quotes the parts of a name.
func Ident(parts ...string) string { return pgx.Identifier(parts).Sanitize() }

// Literal quotes a text for sessions with standard_conforming_strings.
func Literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
