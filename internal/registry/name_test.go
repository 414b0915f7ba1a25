package registry

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/stretchr/testify/assert"

	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/traffic"
)

// pipelines is an engine whose state only the pipeline may read.
type pipelines struct{ engine.Engine }

func (pipelines) State(context.Context, engine.Stack) (engine.State, error) {
	return engine.State{}, fmt.Errorf("stack edge: %w", engine.ErrDenied)
}

// publicName is that of the stack file.
const publicNameOfStaging = "pay.staging.cutover.example"

// leads has Route 53 answer the public name with a share of green, in percent, and take
// changes of it; gates are open, and what was decided can be written.
func (a *amazon) leads(green int) {
	weights := map[string]int{"blue": 100 - green, "green": green}
	shut := map[string]bool{"blue": green == 100, "green": green == 0}
	place := traffic.Place{ZoneID: "Z1", PublicName: publicNameOfStaging, Blue: entrance("blue"), Green: entrance("green")}
	a.answers["GetObject cutover/staging/edge/place.json"] = says(a.json(place))
	copied := a.answers["GetObject cutover/staging/edge/traffic.json"]
	a.answers["GetObject cutover/staging/edge/traffic.json"] = func(body string) (int, string) {
		if body == "" {
			return copied(body)
		}
		return http.StatusOK, "" // it is put
	}
	a.answers["ListObjects"] = says(`<ListBucketResult/>`)
	a.answers["hostedzone/Z1/rrset"] = func(body string) (int, string) {
		if body == "" {
			return http.StatusOK, recordSets(weights)
		}
		for _, set := range regexp.MustCompile(`(?s)<SetIdentifier>(\w+)</SetIdentifier>.*?<Weight>(\d+)</Weight>`).FindAllStringSubmatch(body, -1) {
			weight, err := strconv.Atoi(set[2])
			assert.NoError(a.t, err)
			weights[set[1]] = weight
		}
		return http.StatusOK, `<ChangeResourceRecordSetsResponse>` + change("PENDING") + `</ChangeResourceRecordSetsResponse>`
	}
	a.answers["change/C1"] = says(`<GetChangeResponse>` + change("INSYNC") + `</GetChangeResponse>`)
	for _, color := range naming.Colors() {
		a.answers["healthcheck/hc-"+string(color)] = func(body string) (int, string) {
			if body != "" {
				shut[string(color)] = strings.Contains(body, "<Disabled>true</Disabled>")
			}
			return http.StatusOK, healthCheck(string(color), shut[string(color)])
		}
	}
	a.answers["DescribeTargetHealth"] = says(`<DescribeTargetHealthResponse><DescribeTargetHealthResult><TargetHealthDescriptions>` +
		`<member><TargetHealth><State>healthy</State></TargetHealth></member></TargetHealthDescriptions></DescribeTargetHealthResult></DescribeTargetHealthResponse>`)
	names, alarms := naming.New("staging"), ""
	for _, name := range []string{names.CustomerImpactAlarm(), names.MigrationUnsafeAlarm()} {
		alarms += `<member><AlarmName>` + name + `</AlarmName><StateValue>OK</StateValue></member>`
	}
	a.answers["DescribeAlarms"] = says(`<DescribeAlarmsResponse><DescribeAlarmsResult><CompositeAlarms>` + alarms + `</CompositeAlarms></DescribeAlarmsResult></DescribeAlarmsResponse>`)
	a.answers["PutMetricData"] = says(`<PutMetricDataResponse/>`)
	a.answers["TransactWriteItems"] = says(`{}`)
	a.items[control.AuthorityItem] = control.Token{Rev: 1, Holder: naming.Blue, Epoch: 1, Phase: control.PhaseOpen}.Fields()
}

func entrance(color string) traffic.Entrance {
	return traffic.Entrance{
		Ready: true, Endpoint: color + ".elb.amazonaws.com", HealthCheck: "hc-" + color,
		TargetGroups: map[string]string{"payment-api": "arn:aws:elasticloadbalancing:us-east-1:" + stagingAccount + ":targetgroup/" + color + "/1"},
	}
}

func recordSets(weights map[string]int) string {
	sets := ""
	for color, weight := range weights {
		sets += fmt.Sprintf(`<ResourceRecordSet><Name>%s.</Name><Type>A</Type><SetIdentifier>%s</SetIdentifier><Weight>%d</Weight>`+
			`<AliasTarget><HostedZoneId>ZB</HostedZoneId><DNSName>%s.elb.amazonaws.com.</DNSName><EvaluateTargetHealth>true</EvaluateTargetHealth></AliasTarget>`+
			`<HealthCheckId>hc-%s</HealthCheckId></ResourceRecordSet>`, publicNameOfStaging, color, weight, color, color)
	}
	return `<ListResourceRecordSetsResponse><ResourceRecordSets>` + sets + `</ResourceRecordSets><IsTruncated>false</IsTruncated><MaxItems>300</MaxItems></ListResourceRecordSetsResponse>`
}

func change(status string) string {
	return `<ChangeInfo><Id>/change/C1</Id><Status>` + status + `</Status><SubmittedAt>2026-01-01T00:00:00Z</SubmittedAt></ChangeInfo>`
}

func healthCheck(color string, shut bool) string {
	return fmt.Sprintf(`<HealthCheckResponse><HealthCheck><Id>hc-%s</Id><CallerReference>c</CallerReference><HealthCheckConfig><Type>CALCULATED</Type>`+
		`<Inverted>%t</Inverted><Disabled>%t</Disabled></HealthCheckConfig><HealthCheckVersion>1</HealthCheckVersion></HealthCheck></HealthCheckResponse>`, color, shut, shut)
}
