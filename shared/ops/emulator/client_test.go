package emulator_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/ops/emulator"
)

// closing is a body as the SDK makes them, that is closed when its bytes are read: by an
// answer that has come before the transport looks for more.
type closing struct {
	left  string
	began <-chan struct{} // the answer has
}

func (b *closing) Read(p []byte) (int, error) {
	n := copy(p, b.left)
	if b.left = b.left[n:]; n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// WriteTo tells the end as the SDK's bodies do that are closed.
func (b *closing) WriteTo(io.Writer) (int64, error) {
	<-b.began
	return 0, io.EOF
}

func (b *closing) Close() error { return nil }

// The end of a body that is closed already ends no connection whose answer is being read.
func TestABodyThatIsClosedEndsNoConnection(t *testing.T) {
	t.Parallel()
	ask := func(do func(*http.Request) (*http.Response, error)) (string, error) {
		began, ended := make(chan struct{}), make(chan struct{})
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got := make([]byte, len("payment"))
			_, err := io.ReadFull(r.Body, got)
			assert.NoError(t, err)
			w.Header().Set("Content-Length", "14")
			_, _ = w.Write(got)
			w.(http.Flusher).Flush()
			close(began)
			select {
			case <-ended: // the client is gone
			case <-r.Context().Done():
			case <-time.After(100 * time.Millisecond):
			}
			_, _ = w.Write(got) // to whoever is there
		}))
		defer server.Close()
		defer close(ended)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, &closing{left: "payment", began: began})
		require.NoError(t, err)
		request.ContentLength = int64(len("payment"))
		response, err := do(request)
		if err != nil {
			return "", err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		return string(body), err
	}
	answer, err := ask(emulator.HTTPClient().Do)
	require.NoError(t, err)
	assert.Equal(t, "paymentpayment", answer)
	_, err = ask(http.DefaultClient.Do)
	require.Error(t, err, "else nothing has to be hidden any more")
}
