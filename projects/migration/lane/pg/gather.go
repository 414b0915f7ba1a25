package pg

import (
	"context"
	"net"
	"syscall"
	"time"
)

// A server sends a stream of changes in messages of some hundred bytes, each by
// itself. While more than gatherRate bytes arrive in gatherTime, a session of the
// reader takes what has come once in gatherTime: to be woken for each message costs
// both processes more than to encode and to decode it.
const (
	gatherTime   = time.Millisecond
	gatherRate   = 4 << 10
	gatherBuffer = 256 << 10
)

// dial is how a session reaches its server.
type dial func(ctx context.Context, network, address string) (net.Conn, error)

// gathered makes connections that gather what they receive.
func gathered(dial dial) dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &gathering{Conn: conn, sleep: time.Sleep, now: time.Now}, nil
	}
}

// gathering is a connection of which one goroutine reads.
type gathering struct {
	net.Conn
	buffer []byte
	ahead  []byte // of buffer: received and not yet taken
	since  time.Time
	got    int // since then
	many   bool
	sleep  func(time.Duration)
	now    func() time.Time
}

// Read takes what is there. It waits as long as the connection's deadline allows
// when nothing is, and gatherTime at most for more than that.
func (g *gathering) Read(p []byte) (int, error) {
	if len(g.ahead) == 0 {
		if err := g.receive(); err != nil {
			return 0, err
		}
	}
	n := copy(p, g.ahead)
	g.ahead = g.ahead[n:]
	return n, nil
}

func (g *gathering) receive() error {
	if now := g.now(); now.Sub(g.since) >= gatherTime {
		g.many = g.got >= gatherRate
		g.since, g.got = now, 0
	}
	if g.many {
		g.quiet(gatherBuffer)
		g.sleep(gatherTime)
		g.quiet(1) // before the read, which may have to wait
	}
	if g.buffer == nil {
		g.buffer = make([]byte, gatherBuffer)
	}
	n, err := g.Conn.Read(g.buffer)
	g.got += n
	g.ahead = g.buffer[:n]
	if n > 0 {
		return nil
	}
	return err
}

// quiet has the kernel tell of received bytes when there are so many, as far as it
// can: what it does not know to do costs time and nothing else.
func (g *gathering) quiet(bytes int) {
	if socket, is := g.Conn.(syscall.Conn); is {
		if raw, err := socket.SyscallConn(); err == nil {
			lowWater(raw, bytes)
		}
	}
}
