package pg

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// trickle is a connection that has so many bytes at each read.
type trickle struct {
	net.Conn
	parts [][]byte
}

func (c *trickle) Read(p []byte) (int, error) {
	if len(c.parts) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.parts[0])
	c.parts = c.parts[1:]
	return n, nil
}

// gatherer reads parts by a clock that stands still but for sleeps and pass.
type gatherer struct {
	*gathering
	at    time.Time
	slept time.Duration
}

func newGatherer(parts ...[]byte) *gatherer {
	g := &gatherer{at: time.Unix(100, 0)}
	g.gathering = &gathering{
		Conn: &trickle{parts: parts}, now: func() time.Time { return g.at },
		sleep: func(d time.Duration) { g.slept += d; g.pass(d) },
	}
	return g
}

func (g *gatherer) pass(d time.Duration) { g.at = g.at.Add(d) }

func part(n int) []byte { return bytes.Repeat([]byte{'a'}, n) }

func TestFewBytesAreTakenAtOnce(t *testing.T) {
	g := newGatherer(part(100), part(gatherRate-101), part(100))
	for range 3 {
		_, err := g.Read(make([]byte, gatherRate))
		require.NoError(t, err)
		g.pass(gatherTime)
	}
	assert.Zero(t, g.slept)
}

func TestOfManyBytesSuchAreTakenAsCameInAWhile(t *testing.T) {
	g := newGatherer(part(gatherRate), part(2*gatherRate), part(10), part(20))
	read := func() { _, err := g.Read(make([]byte, gatherBuffer)); require.NoError(t, err) }
	read()
	assert.Zero(t, g.slept, "nothing is known yet")
	g.pass(gatherTime)
	read()
	assert.Equal(t, gatherTime, g.slept)
	read()
	assert.Equal(t, 2*gatherTime, g.slept, "there were many again")
	read()
	assert.Equal(t, 2*gatherTime, g.slept, "there were few")
}

func TestBytesComeInTheirOrderAndTheErrorAfterThem(t *testing.T) {
	g := newGatherer([]byte("abc"), []byte("defgh"))
	got, err := io.ReadAll(struct{ io.Reader }{g})
	require.NoError(t, err)
	assert.Equal(t, "abcdefgh", string(got))
	_, err = g.Read(make([]byte, 1))
	assert.ErrorIs(t, err, io.EOF)
}

func TestADeadlineEndsTheWaitOfAGatheringConnection(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	dialled, err := gathered((&net.Dialer{}).DialContext)(t.Context(), "tcp", listener.Addr().String())
	require.NoError(t, err)
	defer dialled.Close()
	far, err := listener.Accept()
	require.NoError(t, err)
	defer far.Close()

	g := dialled.(*gathering)
	g.many, g.got = true, gatherRate // as after a burst: the threshold must not outlive it
	_, err = far.Write([]byte("x"))
	require.NoError(t, err)
	require.NoError(t, g.SetReadDeadline(time.Now().Add(time.Minute)))
	n, err := io.ReadFull(g, make([]byte, 1))
	require.NoError(t, err)
	assert.Equal(t, 1, n)

	require.NoError(t, g.SetReadDeadline(time.Unix(1, 0)))
	_, err = g.Read(make([]byte, 1))
	var timeout net.Error
	require.ErrorAs(t, err, &timeout)
	assert.True(t, timeout.Timeout())
}

// What arrives after a burst is one byte: it must wake a reader that waits.
func TestOneByteWakesAReaderAfterABurst(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	dialled, err := gathered((&net.Dialer{}).DialContext)(t.Context(), "tcp", listener.Addr().String())
	require.NoError(t, err)
	defer dialled.Close()
	far, err := listener.Accept()
	require.NoError(t, err)
	defer far.Close()

	g := dialled.(*gathering)
	waits := make(chan struct{})
	g.sleep = func(time.Duration) { close(waits) }
	g.many, g.since = true, time.Now().Add(time.Hour)
	go func() {
		<-waits
		time.Sleep(20 * time.Millisecond) // the read should wait by now; if it does not, it finds the byte
		_, _ = far.Write([]byte("x"))     // the read tells
	}()
	require.NoError(t, g.SetReadDeadline(time.Now().Add(time.Minute)))
	_, err = g.Read(make([]byte, 1))
	require.NoError(t, err)
}

func TestADialThatFailsIsNoConnection(t *testing.T) {
	refused := errors.New("refused")
	conn, err := gathered(func(context.Context, string, string) (net.Conn, error) { return nil, refused })(t.Context(), "tcp", "")
	assert.ErrorIs(t, err, refused)
	assert.Nil(t, conn)
}
