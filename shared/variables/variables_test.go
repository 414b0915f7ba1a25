package variables_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/variables"
)

func reader(values map[string]string) *variables.Reader {
	return &variables.Reader{Lookup: func(name string) (string, bool) {
		value, found := values[name]
		return value, found
	}}
}

func TestWhatIsThereIsRead(t *testing.T) {
	r := reader(map[string]string{"TABLE": "t", "COLOR": "green"})
	assert.Equal(t, "t", r.Text("TABLE", "a table"))
	assert.Equal(t, naming.Green, r.Color("COLOR"))
	assert.Empty(t, r.Optional("OTHER"))
	r.Refuse(nil)
	require.NoError(t, r.Err())
}

func TestAllThatIsWrongIsToldAtOnce(t *testing.T) {
	r := reader(map[string]string{"COLOR": "red", "EMPTY": ""})
	r.Text("TABLE", "a table")
	r.Text("EMPTY", "a word")
	r.Color("COLOR")
	r.Color("SIDE")
	r.Refuse(errors.New("and more"))
	for _, want := range []string{
		"variable TABLE: is missing, expected a table", "variable EMPTY: is missing, expected a word",
		`variable COLOR is "red": expected one of [blue green]`, "variable SIDE: is missing, expected one of [blue green]", "and more",
	} {
		require.ErrorContains(t, r.Err(), want)
	}
}
