package migration

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/verify"
)

// account answers like Lambda, over HTTP: every function is the one that was asked
// for, and has these variables, as JSON.
type account struct {
	want      map[string]function // by physical name
	variables string
}

func (a account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/") // <date>/functions/<name>/<question>
	f, known := a.want[parts[2]]
	if !known {
		http.Error(w, "no function "+parts[2], http.StatusNotFound)
		return
	}
	switch parts[3] {
	case "configuration":
		_, _ = fmt.Fprintf(w, `{"Timeout": %d, "MemorySize": %d, "KMSKeyArn": "key", "VpcConfig": {"SubnetIds": ["a", "b"]},
			"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:::cutover-prod-blue-sync-dead-letters"}, "Environment": %s}`, f.timeout, f.memory, a.variables)
	case "concurrency":
		_, _ = fmt.Fprintf(w, `{"ReservedConcurrentExecutions": %d}`, f.atOnce)
	default:
		_, _ = fmt.Fprint(w, `{"MaximumRetryAttempts": 0}`)
	}
}

// What is deployed tells whether the network between the sides stays open.
func TestTheLastDayOfTheNetworkIsTold(t *testing.T) {
	cfg, err := config.ReadFile[Config]("../Pulumi.prod.yaml")
	require.NoError(t, err)
	require.True(t, cfg.SyncWindow)
	in := func(d time.Duration) string {
		return fmt.Sprintf(`{"Variables": {"SYNC_WINDOW_UNTIL": %q}}`, time.Now().UTC().Add(d).Format(time.DateOnly))
	}
	const about, day = "function cutover-prod-blue-install: ", 24 * time.Hour
	for name, c := range map[string]struct{ variables, want string }{
		"open":           {in(4 * day), ""},
		"its last days":  {in(day), about + "the network window closes after " + time.Now().UTC().Add(day).Format(time.DateOnly) + ", expected it to be open for 72 hours"},
		"its last day":   {in(0), about + "the network window closes after"},
		"over":           {in(-day), about + "the last day of the network window, " + time.Now().UTC().Add(-day).Format(time.DateOnly) + ", is over, expected one that is open: set foundation:syncWindow"},
		"closed":         {`{"Variables": {"SYNC_WINDOW_UNTIL": ""}}`, about + `knows no last day of the network window while migration:syncWindow is true: variable SYNC_WINDOW_UNTIL is "": expected a day`},
		"no day":         {`{"Variables": {"SYNC_WINDOW_UNTIL": "summer"}}`, `variable SYNC_WINDOW_UNTIL is "summer": expected a day such as 2026-12-31`},
		"no variables":   {`null`, about + "has no variables, expected SYNC_WINDOW_UNTIL"},
		"no right to it": {`{"Error": {"ErrorCode": "AccessDeniedException", "Message": "kms:Decrypt"}}`, about + "does not tell its variables: AccessDeniedException: kms:Decrypt"},
	} {
		t.Run(name, func(t *testing.T) {
			ask := func(cfg Config) error {
				names := naming.New("prod").In(naming.Blue)
				want := map[string]function{}
				for _, f := range functions(cfg.Workers) {
					want[names.Name(naming.Function, f.name)] = f
				}
				server := httptest.NewServer(account{want: want, variables: c.variables})
				defer server.Close()
				client := lambda.NewFromConfig(aws.Config{
					Region: config.Region, BaseEndpoint: aws.String(server.URL), RetryMaxAttempts: 1,
					Credentials: credentials.NewStaticCredentialsProvider("id", "key", ""),
				})
				colored := &colorVerifier{verifier: &verifier{cfg: cfg, functions: client}, names: names}
				return verify.All(t.Context(), colored.checkFunctions)
			}
			err := ask(cfg)
			if c.want == "" {
				assert.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.want)
				assert.Equal(t, 1, strings.Count(err.Error(), "function cutover-"), "of one function: %v", err)
			}
			closed := cfg
			closed.SyncWindow = false
			assert.NoError(t, ask(closed), "the window is closed: nothing of the layer runs")
		})
	}
}
