package control_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/control"
)

func aConfirmation() control.Confirmation {
	return control.Confirmation{
		Switch: "s-1", Revision: 41, Operators: []string{"bob", "ann"}, Reason: "green is settled", At: time.Date(2026, 5, 1, 12, 0, 0, 1, time.UTC),
	}
}

func TestAConfirmationIsReadAsItWasWritten(t *testing.T) {
	read, err := control.DecodeConfirmation(aConfirmation().Fields())
	require.NoError(t, err)
	want := aConfirmation()
	want.Operators = []string{"ann", "bob"}
	require.Equal(t, want, read)
	for field, value := range map[string]string{
		control.FieldProof: " ", control.FieldRevision: "-1", control.FieldOperators: "ann", control.FieldAt: "today", "user": "AROA:ann",
	} {
		fields := aConfirmation().Fields()
		fields[field] = value
		_, err := control.DecodeConfirmation(fields)
		require.ErrorIs(t, err, control.ErrForeign, field)
		require.ErrorContains(t, err, field)
	}
}

// Two confirmations count together only if all that was confirmed is the same.
func TestConfirmationsOfTheSame(t *testing.T) {
	other := aConfirmation()
	other.Operators, other.At = []string{"ann", "bob"}, other.At.Add(time.Hour)
	assert.True(t, aConfirmation().Same(other), "in whatever order, at whatever time")
	for name, change := range map[string]func(*control.Confirmation){
		"switch": func(c *control.Confirmation) { c.Switch = "s-2" }, "revision": func(c *control.Confirmation) { c.Revision++ },
		"operators": func(c *control.Confirmation) { c.Operators = []string{"ann", "eve"} }, "reason": func(c *control.Confirmation) { c.Reason = "why not" },
	} {
		changed := aConfirmation()
		change(&changed)
		assert.False(t, aConfirmation().Same(changed), name)
	}
}

// The name is part of a key that stands for a person: it is what STS takes, and no
// comma, which stands between two.
func TestNamesOfSessions(t *testing.T) {
	assert.Equal(t, "closing#AROAEXAMPLE:ann", control.ClosingItem(control.SessionOf("AROAEXAMPLE", "ann")))
	for _, name := range []string{"ann", "ann.lee@example.com", "a+b=c_d-e", strings.Repeat("a", 64)} {
		assert.True(t, control.NamesSession(name), name)
	}
	for _, name := range []string{"", "a", "ann,bob", "ann bob", "ann:bob", "ann*", "änn", strings.Repeat("a", 65), "ann\n"} {
		assert.False(t, control.NamesSession(name), name)
	}
}
