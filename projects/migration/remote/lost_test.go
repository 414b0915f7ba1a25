package remote

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/machine"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// nobody has credentials that are good for a test.
func nobody(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
}

// A base whose execution has failed is loaded by nobody, and the command says how it
// failed; one that runs, has succeeded, or ended since the lane is halted is not lost.
func TestABaseThatNobodyLoadsIsTold(t *testing.T) {
	var answer map[string]any
	amazon := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if assert.Equal(t, "AWSStepFunctions.DescribeExecution", r.Header.Get("X-Amz-Target")) {
			w.Header().Set("Content-Type", "application/x-amz-json-1.0")
			assert.NoError(t, json.NewEncoder(w).Encode(answer))
		}
	}))
	t.Cleanup(amazon.Close)
	c := New(aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String(amazon.URL),
		Credentials: aws.CredentialsProviderFunc(nobody),
	}, Deployment{Functions: map[naming.Color]map[string]string{naming.Green: {laneFunction: "green-lane"}}}, nil, "", nil)
	require.NoError(t, c.Lost(t.Context(), naming.Green), "nothing was started")
	c.loads = map[naming.Color]string{naming.Green: "arn:execution", naming.Blue: "arn:execution"}
	for name, e := range map[string]struct{ status, failure, says string }{
		"it runs":           {"RUNNING", "", ""},
		"it has succeeded":  {"SUCCEEDED", "", ""},
		"the lane halted":   {"FAILED", machine.ErrHalted, ""},
		"stuck":             {"FAILED", machine.ErrStuck, "execution arn:execution: Stuck: because"},
		"no plan":           {"FAILED", machine.ErrPlan, "execution arn:execution: PlanFailed: because"},
		"its time was over": {"TIMED_OUT", "", "execution arn:execution: TIMED_OUT"},
		"somebody ended it": {"ABORTED", "", "execution arn:execution: ABORTED"},
	} {
		answer = map[string]any{"status": e.status}
		if e.failure != "" {
			answer["error"], answer["cause"] = e.failure, "because"
		}
		err := c.Lost(t.Context(), naming.Green)
		if e.says == "" {
			require.NoError(t, err, name)
			continue
		}
		require.Equal(t, fault.Failed, fault.CodeOf(err), name)
		require.ErrorContains(t, err, "nobody loads what is left of the base of lane core.fwd: "+e.says, name)
		require.ErrorContains(t, err, "go tool mage migrate:start: it loads what is left", name)
		require.ErrorContains(t, c.Lost(t.Context(), naming.Blue), "migrate:start -color=blue", name)
	}
	assert.Equal(t, "the log group of function green-lane", c.Log(naming.Green))
}
