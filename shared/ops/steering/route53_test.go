package steering_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/ops/steering"
)

// Who goes on with a move of last week must not wait for a change that Route 53 has
// forgotten meanwhile.
func TestAChangeThatRoute53HasForgottenIsOver(t *testing.T) {
	for code, over := range map[string]bool{"NoSuchChange": true, "InvalidInput": false} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			_, err := io.WriteString(w, `<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Code>`+code+`</Code><Message>m</Message></Error></ErrorResponse>`)
			assert.NoError(t, err)
		}))
		t.Cleanup(server.Close)
		dns := steering.NewRoute53(aws.Config{
			Region: "us-east-1", BaseEndpoint: aws.String(server.URL), Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		})
		done, err := dns.InSync(t.Context(), "C1")
		assert.Equal(t, over, done, code)
		if over {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, "ask for change C1")
		}
	}
}
