package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/stretchr/testify/assert"
)

func TestCodeSurvivesWrappingAndJoining(t *testing.T) {
	locked := fault.New(fault.Locked, "stack %s is locked", "data").WithHint("mage unlock:data")
	wrapped := errors.Join(errors.New("first"), fmt.Errorf("deploy data: %w", locked))

	assert.Equal(t, fault.Locked, fault.CodeOf(wrapped))
	assert.Equal(t, "mage unlock:data", fault.HintOf(wrapped))
	assert.Contains(t, wrapped.Error(), "mend it with: mage unlock:data")
}

func TestErrorsWithoutCodeAreFailures(t *testing.T) {
	assert.Equal(t, fault.Failed, fault.CodeOf(errors.New("plain")))
	assert.Equal(t, fault.OK, fault.CodeOf(nil))
	assert.NoError(t, fault.Wrap(fault.Usage, nil))
}

func TestEveryCodeHasAName(t *testing.T) {
	for code := fault.OK; code <= fault.Gate; code++ {
		assert.NotContains(t, code.String(), "code ", "exit status %d", int(code))
	}
}
