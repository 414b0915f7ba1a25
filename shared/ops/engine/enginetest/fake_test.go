package enginetest_test

import (
	"testing"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/engine/enginetest"
)

func TestFakeKeepsWhatTheRunnerReliesOn(t *testing.T) {
	enginetest.Conformance(t, enginetest.NewFake(), engine.Stack{Layer: contract.Foundation, Env: "local"})
}
