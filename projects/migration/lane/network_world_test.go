//go:build integration

package lane_test

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// network leads to one server over toxiproxy. All its faults are toxiproxy's own
// but one, lostToxic: a fault that strikes at a time hits a COMMIT by chance only,
// and toxiproxy can not be told to strike at a request, nor to lose the reply to it.
type network struct {
	*toxiproxy.Proxy
	t testing.TB
	// only limits what is lost to requests that contain it.
	only []byte
	// meets is told each request before it goes on; nil is nobody.
	meets func(request []byte)
	// next is what is to be lost at the next COMMIT: losesNothing, losesRequest or
	// losesReply. The test says when that is, by committing.
	next atomic.Int32
	// lose is what is lost of the next request.
	lose atomic.Int32
	// mute drops what the server answers, and with it the connection.
	mute atomic.Bool
	// passing tells that mute ends by itself, a while after the first answer that was
	// dropped: it comes when the server is done, not when the test expects it.
	passing atomic.Bool
	// lost is how often a request, or the reply to one, was lost; crossed is how often
	// anything came, in either direction, whatever became of it.
	lost, crossed atomic.Int64
}

const (
	losesNothing = iota
	losesRequest
	losesReply
)

// networks are those that lostToxic finds by their listener's address.
var networks sync.Map

// newNetwork listens in front of a server until the test ends.
func newNetwork(t testing.TB, s side) *network {
	t.Helper()
	server, err := pgServer(s)
	require.NoError(t, err)
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	n := &network{t: t, Proxy: toxiproxy.NewProxy(api, t.Name()+" "+server, "127.0.0.1:0", server)}
	require.NoError(t, n.Start())
	t.Cleanup(n.Stop)
	networks.Store(n.Listen, n)
	t.Cleanup(func() { networks.Delete(n.Listen) })
	for _, stream := range []string{"upstream", "downstream"} {
		n.toxic("lost", stream, map[string]any{"network": n.Listen, "stream": stream})
	}
	return n
}

// toxic adds a fault of the given kind, with the attributes that toxiproxy's
// documentation names. It strikes connections that are open as well.
func (n *network) toxic(kind, stream string, attributes map[string]any) {
	n.t.Helper()
	text, err := json.Marshal(map[string]any{"type": kind, "stream": stream, "attributes": attributes})
	require.NoError(n.t, err)
	_, err = n.Toxics.AddToxicJson(bytes.NewReader(text))
	require.NoError(n.t, err)
}

// heal takes the faults of the given kind away.
func (n *network) heal(kind string) {
	for _, stream := range []string{"upstream", "downstream"} {
		_ = n.Toxics.RemoveToxic(context.Background(), kind+"_"+stream) // it may have been in one direction only
	}
}

// cut breaks all connections; new ones are taken.
func (n *network) cut() error {
	n.Stop()
	return n.Start()
}

// spare loses nothing any more.
func (n *network) spare() {
	n.next.Store(losesNothing)
	n.lose.Store(losesNothing)
	n.passing.Store(false)
	n.mute.Store(false)
}

// via leads a connection string over the network.
func (n *network) via(dsn string) string { return viaProxy(dsn, n.Listen) }

// committing says that the next request is a COMMIT.
func (n *network) committing() {
	if what := n.next.Swap(losesNothing); what != losesNothing {
		n.lose.Store(what)
	}
}

// lostToxic loses the next request, or the reply to it, when its network says so.
type lostToxic struct {
	Network string `json:"network"`
	Stream  string `json:"stream"`
}

func init() {
	toxics.Register("lost", new(lostToxic))
	zerolog.SetGlobalLevel(zerolog.Disabled) // some of toxiproxy's toxics log by themselves
}

// commitMessage is the query "commit" as it goes over the wire (PostgreSQL
// documentation, Message Formats).
var commitMessage = []byte("Q\x00\x00\x00\x0bcommit\x00")

// Pipe passes on what is not lost.
func (l *lostToxic) Pipe(stub *toxics.ToxicStub) {
	found, _ := networks.Load(l.Network)
	n, _ := found.(*network)
	for {
		select {
		case <-stub.Interrupt:
			return
		case chunk := <-stub.Input:
			if n != nil {
				n.crossed.Add(1)
			}
			if chunk == nil || n == nil || n.loses(l.Stream, chunk.Data) {
				stub.Close()
				return
			}
			stub.Output <- chunk
		}
	}
}

// loses tells whether the connection breaks instead of carrying this.
func (n *network) loses(stream string, data []byte) bool {
	if stream == "downstream" {
		mute := n.mute.Load()
		if mute && n.passing.CompareAndSwap(true, false) {
			time.AfterFunc(struck, func() { n.mute.Store(false) })
		}
		return mute
	}
	if n.meets != nil {
		n.meets(data)
	}
	if !bytes.Contains(data, n.only) {
		return false
	}
	switch {
	case n.lose.CompareAndSwap(losesRequest, losesNothing):
		n.lost.Add(1)
		return true
	case n.lose.CompareAndSwap(losesReply, losesNothing):
		n.passing.Store(true)
		n.mute.Store(true)
		n.lost.Add(1)
	}
	return false
}
