package govern_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/govern"
)

// A target that is too busy to answer the throttle in time holds work up, and does not
// end it: the time-out of a question is not the caller's.
func TestATargetThatAnswersLateHoldsWorkUp(t *testing.T) {
	t.Parallel()
	var listen net.ListenConfig
	silent, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	asked := make(chan net.Conn, 100)
	go func() {
		for {
			conn, err := silent.Accept()
			if err != nil {
				return
			}
			asked <- conn // taken, and never answered
		}
	}()
	dsn := fmt.Sprintf("postgres://somebody:secret@%s/payments?sslmode=disable", silent.Addr())
	governor := govern.Start(t.Context(), govern.Settings{
		Lane: "core.fwd", Work: govern.Loading, Invocation: "test", Source: dsn, Target: dsn, Most: 1,
		Limits: govern.Limits{Interval: 10 * time.Millisecond, SourceCost: 1, SourceActive: 1, SourceVCPUs: 1},
	})
	defer governor.Close()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := governor.Enter(ctx)
		ended <- err
	}()
	for n := range 4 { // the first are of who is to measure, one of the next is of the seat
		select {
		case conn := <-asked:
			defer conn.Close()
		case err := <-ended:
			require.Fail(t, "the work ends", "after %d questions: %v", n, err)
		}
	}
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}
