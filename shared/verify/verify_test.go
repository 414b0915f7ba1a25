package verify_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/verify"
)

func TestFindingsNameTheThingAndWhatWasExpected(t *testing.T) {
	f := verify.About("table %s", "sessions")
	f.Expect(true, "fine")
	f.Equal("stream", "NEW_IMAGE", "NEW_IMAGE")
	require.NoError(t, f.Err())
	f.Equal("stream", "", "NEW_IMAGE")
	f.Expect(false, "has no index %s", "by-user")
	f.Include(nil)
	f.Include(errors.New("index by-card: status is CREATING"))
	cause := errors.New("throttled")
	err := f.Failed(cause)
	require.EqualError(t, err, "table sessions: stream is , expected NEW_IMAGE\ntable sessions: has no index by-user\nindex by-card: status is CREATING\ntable sessions: throttled")
	require.ErrorIs(t, err, cause)
}

func TestEveryCheckRunsAndAllAreHeard(t *testing.T) {
	said := func(text string) func(context.Context) error {
		return func(context.Context) error { return errors.New(text) }
	}
	fine := func(context.Context) error { return nil }
	require.NoError(t, verify.All(t.Context(), fine, fine))
	require.EqualError(t, verify.All(t.Context(), said("a"), fine, said("b")), "a\nb")
}

func TestOutputsOfAnotherKindAreEmpty(t *testing.T) {
	args := verify.Args{Outputs: map[string]any{"id": "Z1", "number": 3.0, "arns": map[string]any{"a": "arn:a", "b": 1.0}}}
	assert.Equal(t, "Z1", args.Text("id"))
	assert.Empty(t, args.Text("number"))
	assert.Empty(t, args.Text("other"))
	assert.Equal(t, map[string]string{"a": "arn:a"}, args.Texts("arns"))
	assert.Empty(t, args.Texts("id"))
}
