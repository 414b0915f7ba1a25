package schema

import (
	"fmt"
	"regexp"
	"strings"
)

// columnForm is a column as an operator writes it: name, type, then a default and
// whether it may be NULL.
var columnForm = regexp.MustCompile(`^([a-z_][a-z0-9_]*) (.+?)(?: default '((?:[^']|'')*)')?( not null)?$`)

// ParseColumns reads columns as an operator writes them, separated by semicolons:
//
//	note text; fee numeric(12,2) default '0' not null
//
// The default is a constant between quotes. What the words mean Validate judges.
func ParseColumns(text string) ([]Column, error) {
	var columns []Column
	for part := range strings.SplitSeq(text, ";") {
		part = strings.TrimSpace(part)
		found := columnForm.FindStringSubmatch(part)
		if found == nil {
			return nil, fmt.Errorf("column %q: expected a name and a type, then, where wanted, default '…' and not null", part)
		}
		c := Column{Name: found[1], Type: found[2], NotNull: found[4] != ""}
		if strings.Contains(part, " default '") {
			value := strings.ReplaceAll(found[3], `''`, `'`)
			c.Default = &value
		}
		columns = append(columns, c)
	}
	return columns, nil
}

var indexForm = regexp.MustCompile(`^([a-z_][a-z0-9_]*) ?\(([a-z0-9_, ]+)\)$`)

// ParseIndex reads an index as an operator writes it: name(column, column).
func ParseIndex(text string) (*NewIndex, error) {
	found := indexForm.FindStringSubmatch(strings.TrimSpace(text))
	if found == nil {
		return nil, fmt.Errorf("index %q: expected name(column, column)", text)
	}
	index := &NewIndex{Name: found[1]}
	for column := range strings.SplitSeq(found[2], ",") {
		index.Columns = append(index.Columns, strings.TrimSpace(column))
	}
	return index, nil
}
