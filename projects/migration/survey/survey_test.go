package survey_test

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/stretchr/testify/assert"

	"github.com/cutover/cutover/projects/migration/lane/preflight"
	"github.com/cutover/cutover/projects/migration/survey"
	"github.com/cutover/cutover/shared/naming"
)

// account answers like Lambda and CloudWatch, over HTTP.
type account struct {
	settings string            // of every function
	reserved string            // of every function
	stored   map[string]string // values by metric and cluster
}

func (a account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasSuffix(r.URL.Path, "/configuration"):
		_, _ = fmt.Fprint(w, a.settings)
	case strings.HasSuffix(r.URL.Path, "/concurrency"):
		_, _ = fmt.Fprint(w, a.reserved)
	default:
		a.metrics(w, r)
	}
}

// metrics answers GetMetricData in the protocol that the SDK speaks, the query one.
func (a account) metrics(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || r.Form.Get("Action") != "GetMetricData" {
		http.Error(w, "expected GetMetricData", http.StatusBadRequest)
		return
	}
	type result struct {
		ID     string   `xml:"Id"`
		Values []string `xml:"Values>member"`
	}
	var answer struct {
		XMLName xml.Name `xml:"GetMetricDataResponse"`
		Results []result `xml:"GetMetricDataResult>MetricDataResults>member"`
	}
	for n := 1; r.Form.Has(member(n, "Id")); n++ {
		one := result{ID: r.Form.Get(member(n, "Id"))}
		metric := r.Form.Get(member(n, "MetricStat.Metric.MetricName")) + "/" + r.Form.Get(member(n, "MetricStat.Metric.Dimensions.member.1.Value"))
		if value, known := a.stored[metric]; known {
			one.Values = []string{value, "1"}
		}
		answer.Results = append(answer.Results, one)
	}
	w.Header().Set("Content-Type", "text/xml")
	_ = xml.NewEncoder(w).Encode(answer)
}

func member(n int, name string) string { return fmt.Sprintf("MetricDataQueries.member.%d.%s", n, name) }

// cloud asks the account.
func (a account) cloud(t *testing.T) *survey.Cloud {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	c := aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String(server.URL), Credentials: credentials.NewStaticCredentialsProvider("id", "key", ""),
		RetryMaxAttempts: 1,
	}
	return &survey.Cloud{
		Lambda: lambda.NewFromConfig(c), CloudWatch: cloudwatch.NewFromConfig(c), Now: time.Now, Window: time.Now().Add(time.Hour),
		Clusters:  map[naming.Color]string{naming.Blue: "cutover-prod-blue", naming.Green: "cutover-prod-green"},
		Functions: map[string]preflight.Settings{"cutover-prod-green-lane": {Timeout: 900, Memory: 512, AtOnce: 2}},
	}
}

// whole answers everything.
func whole() account {
	return account{`{"Timeout": 900, "MemorySize": 512}`, `{"ReservedConcurrentExecutions": 2}`, map[string]string{
		"VolumeBytesUsed/cutover-prod-blue": "1099511627776", "FreeLocalStorage/cutover-prod-blue": "500",
		"VolumeBytesUsed/cutover-prod-green": "0", "FreeLocalStorage/cutover-prod-green": "600",
	}}
}

func TestFactsAreWhatAWSAnswers(t *testing.T) {
	given := preflight.Facts{Names: preflight.Known(preflight.Names{Name: "pay.example"})}
	cloud := whole().cloud(t)
	facts := cloud.Facts(t.Context(), given)
	scratch := int64(500)
	assert.Equal(t, preflight.Known(preflight.Room{Volume: 127 << 40, Scratch: &scratch}), facts.Rooms[naming.Blue], "what is used is taken off the largest volume")
	assert.Equal(t, int64(600), *facts.Rooms[naming.Green].Value.Scratch)
	as := preflight.Settings{Timeout: 900, Memory: 512, AtOnce: 2}
	assert.Equal(t, preflight.Known([]preflight.Function{{Name: "cutover-prod-green-lane", Is: as, Want: as}}), facts.Functions)
	assert.Equal(t, preflight.Known(cloud.Window), facts.Window)
	assert.Equal(t, given.Names, facts.Names, "what the caller has asked stays")
	assert.True(t, *facts.Applications.Value)
}

func TestWhatAWSDoesNotAnswerIsUnknown(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*account, *survey.Cloud)
		of     func(preflight.Facts) string
		want   string
	}{
		"no reserved concurrency": {func(a *account, _ *survey.Cloud) { a.reserved = "{}" }, func(f preflight.Facts) string {
			return (*f.Functions.Value)[0].Is.String()
		}, "a time limit of 900 s, 512 MiB, -1 at once"},
		"a metric without values": {func(a *account, _ *survey.Cloud) { delete(a.stored, "FreeLocalStorage/cutover-prod-green") }, func(f preflight.Facts) string {
			return f.Rooms[naming.Green].Unknown
		}, "cluster cutover-prod-green has told nothing of its scratch"},
		"an answer of another form": {func(a *account, _ *survey.Cloud) { a.settings = "[" }, func(f preflight.Facts) string { return f.Functions.Unknown }, "ask for function cutover-prod-green-lane"},
		"no word of the functions":  {func(_ *account, c *survey.Cloud) { c.Functions = nil }, func(f preflight.Facts) string { return f.Functions.Unknown }, "was not told what was deployed"},
		"no word of the window":     {func(_ *account, c *survey.Cloud) { c.Window = time.Time{} }, func(f preflight.Facts) string { return f.Window.Unknown }, "was not told when it closes"},
	} {
		t.Run(name, func(t *testing.T) {
			a := whole()
			c.change(&a, &survey.Cloud{})
			cloud := a.cloud(t)
			c.change(&account{stored: map[string]string{}}, cloud)
			assert.Contains(t, c.of(cloud.Facts(t.Context(), preflight.Facts{})), c.want)
		})
	}
}
