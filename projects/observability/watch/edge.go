package watch

import (
	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/projects/observability/estate"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
)

// enough requests in a minute for a share of them to mean something.
const enough = "50"

// Days before the end of a certificate: ACM renews its own 60 days before, so 30
// days mean that renewal has failed for a month (AWS Certificate Manager user guide,
// "Managed certificate renewal").
const (
	certificateWarn = 30
	certificatePage = 7
)

func (a Args) edge() []alarm.Alarm {
	var all []alarm.Alarm
	for _, color := range naming.Colors() {
		all = append(all, a.balancerErrors(color), refusedConnections(color), publicHealth(color))
	}
	return append(all, a.blockedRequests(), certificate("certificate-ends-soon", certificateWarn, alarm.Warn), certificate("certificate-ends", certificatePage, alarm.Page),
		signatures("zone-signing-fails", metrics.SigningFailure, "Route 53 cannot sign the public zone. Once its signatures end, resolvers that verify them find no name of the platform."),
		signatures("zone-key-ailing", metrics.SigningKeysAiling, "Route 53 cannot use the key that signs the public zone. Once the signatures end, resolvers that verify them find no name of the platform."))
}

func (a Args) balancerErrors(color naming.Color) alarm.Alarm {
	balancer := of(color, estate.Balancer)
	return alarm.Alarm{
		Color: color, Kind: "balancer-errors",
		Meaning:  "The balancer itself answers with errors: it reaches no service, or too slowly.",
		Action:   "Look at the targets on the platform dashboard; with healthy targets, look at their security groups and at the last deployment of edge.",
		Severity: alarm.Warn,
		Condition: alarm.Condition{
			Terms: []alarm.Term{
				{ID: "errors", Series: estate.At(metrics.BalancerErrors, balancer)},
				{ID: "requests", Series: estate.At(metrics.Requests, balancer)},
			},
			Expression: percent("errors", "requests", enough), Comparison: alarm.Above, Threshold: float64(a.Limits.ErrorPercent),
		},
		Period: minute, Periods: 5, Points: 3, Missing: alarm.NotBreaching, Silence: nothingCounted,
	}
}

func refusedConnections(color naming.Color) alarm.Alarm {
	return alarm.Alarm{
		Color: color, Kind: "refused-connections",
		Meaning:   "The balancer has reached its number of connections and refuses more.",
		Action:    "Look for a flood in the blocked requests; ask AWS for capacity if the traffic is real.",
		Severity:  alarm.Warn,
		Condition: alarm.Of(estate.At(metrics.RefusedConnections, of(color, estate.Balancer)), alarm.Above, 0),
		Period:    minute, Periods: 5, Points: 2, Missing: alarm.NotBreaching, Silence: nothingCounted,
	}
}

func publicHealth(color naming.Color) alarm.Alarm {
	return alarm.Alarm{
		Color: color, Kind: "payment-path-unhealthy",
		Meaning:   "The DNS health check finds the payment paths of the colour unhealthy from outside; Route 53 sends it no traffic.",
		Action:    "If the colour has traffic: rollback:edge. Then look at the targets of the payment services.",
		Severity:  alarm.Warn,
		Condition: alarm.Of(estate.At(metrics.HealthCheckStatus, of(color, estate.HealthCheck)), alarm.Below, 1),
		Period:    minute, Periods: 3, Points: 3, Missing: alarm.Breaching, Silence: alwaysSent,
	}
}

func (a Args) blockedRequests() alarm.Alarm {
	return alarm.Alarm{
		Kind:      "blocked-requests-unusual",
		Meaning:   "The web ACL blocks more requests than it usually does at this hour: an attack, or a rule that hits customers.",
		Action:    "Run the saved query for blocked requests by rule; set a rule that hits customers to count in edge's configuration.",
		Severity:  alarm.Warn,
		Condition: alarm.Unusual(a.firewall(metrics.BlockedRequests, config.Region), alarm.AboveUsual, narrow),
		Period:    fiveMin, Periods: 3, Points: 3, Missing: alarm.NotBreaching, Silence: nothingCounted,
	}
}

func certificate(kind string, days float64, severity alarm.Severity) alarm.Alarm {
	return alarm.Alarm{
		Kind:      kind,
		Meaning:   "The certificate of the public name ends soon and has not been renewed.",
		Action:    "Check that the validation record of the certificate still stands in the zone; deploy edge; import a new certificate if it was imported.",
		Severity:  severity,
		Condition: alarm.Of(estate.At(metrics.CertificateDays, of("", estate.Certificate)), alarm.Below, days),
		Period:    24 * 60 * minute, Periods: 1, Points: 1, Missing: alarm.Ignore,
		Silence: "ACM sends two values a day and none after the end, which must not switch the alarm off.",
	}
}

// signatures pages: nothing is broken yet, and within days everything is (Route 53
// developer guide, "Troubleshooting DNSSEC signing").
func signatures(kind string, metric metrics.Metric, meaning string) alarm.Alarm {
	return alarm.Alarm{
		Kind:      kind,
		Meaning:   meaning,
		Action:    "Run verify:edge and verify:security: is the key on, and its policy as deployed? Deploy security; what cannot be mended in a day is unsigned as docs/operations.md says, the parent's record first.",
		Severity:  alarm.Page,
		Condition: alarm.Of(estate.At(metric, of("", estate.Zone)), alarm.Above, 0),
		Period:    4 * 60 * minute, Periods: 1, Points: 1, Missing: alarm.Ignore,
		Silence: seldomSent,
	}
}
