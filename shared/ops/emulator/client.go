package emulator

import (
	"io"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// HTTPClient is how AWS's SDK is to reach an emulator. The SDK closes a request's body as
// soon as an answer has begun, and the transport, which then may still look whether the
// body has more, takes the end that the body's WriteTo tells as an error (io.EOF, where
// io.WriterTo wants nil): it closes the connection before the answer is read ("use of
// closed network connection"). An answer over a network comes too late for that; one of
// the same machine, when it is busy, does not, and a call that is repeated finds its own
// work there already. The body that this client passes on has no WriteTo.
func HTTPClient() *Client { return &Client{base: awshttp.NewBuildableClient()} }

// Client is an aws.HTTPClient, see HTTPClient.
type Client struct{ base *awshttp.BuildableClient }

// Do makes the call.
func (c *Client) Do(request *http.Request) (*http.Response, error) {
	if request.Body != nil && request.Body != http.NoBody {
		plain := *request
		plain.Body = struct{ io.ReadCloser }{request.Body}
		request = &plain
	}
	return c.base.Do(request)
}
