package bridge

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-provider-aws/xpprovider"
)

// wholeBody sends a request's body from memory. smithy-go (up to 1.24 at least)
// closes the body as soon as the response has begun; when a server answers
// before net/http has taken its last look at the body, that look reports an
// error, the connection is closed, and reading the response fails with "use of
// closed network connection". A body that net/http knows to be in memory goes
// out in one write with the headers, and smithy-go closes only the original.
type wholeBody struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t wholeBody) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Body == nil || request.Body == http.NoBody {
		return t.next.RoundTrip(request)
	}
	content, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, fmt.Errorf("read the body of a request to %s: %w", request.URL.Host, err)
	}
	if err := request.Body.Close(); err != nil {
		return nil, fmt.Errorf("close the body of a request to %s: %w", request.URL.Host, err)
	}
	sent := request.Clone(request.Context())
	sent.Body = io.NopCloser(bytes.NewReader(content))
	sent.ContentLength = int64(len(content))
	return t.next.RoundTrip(sent)
}

// sendWholeBodies makes both halves of the provider use wholeBody; they share
// the classic half's client.
func sendWholeBodies(ctx context.Context, classicHalf *schema.Provider) error {
	client, ok := classicHalf.Meta().(*xpprovider.AWSClient)
	if !ok {
		return fmt.Errorf("terraform AWS provider: its meta is %T, expected an AWS client", classicHalf.Meta())
	}
	transport, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return fmt.Errorf("default HTTP transport is %T, expected *http.Transport", http.DefaultTransport)
	}
	transport = transport.Clone()
	transport.MaxIdleConnsPerHost = transport.MaxIdleConns
	if err := trustBundle(transport); err != nil {
		return err
	}
	client.SetHTTPClient(ctx, &http.Client{Transport: wholeBody{next: transport}})
	return nil
}

// caBundle is the variable with which the AWS SDK extends the trusted
// certificate authorities. The SDK can do that to its own client only and
// refuses any other, so it is done here and the variable is taken away.
const caBundle = "AWS_CA_BUNDLE"

func trustBundle(transport *http.Transport) error {
	path := os.Getenv(caBundle)
	if path == "" {
		return nil
	}
	content, err := os.ReadFile(path) //nolint:gosec // the operator names this file
	if err != nil {
		return fmt.Errorf("read the certificate bundle of %s: %w", caBundle, err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		return fmt.Errorf("read the system's certificates: %w", err)
	}
	if !pool.AppendCertsFromPEM(content) {
		return fmt.Errorf("%s=%s: holds no PEM certificate", caBundle, path)
	}
	transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return os.Unsetenv(caBundle)
}
