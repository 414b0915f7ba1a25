package watch

import (
	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/projects/observability/estate"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
)

// archiveLate is three times the longest that the stream collects events before it
// writes them.
const archiveLate = 45 * minute

// archive are the alarms over the way of log events to their locked bucket.
func archive() []alarm.Alarm {
	return []alarm.Alarm{
		{
			Kind:      "archive-late",
			Meaning:   "Log events reach the locked archive late or not at all.",
			Action:    "Look at the stream's errors in its log group; the archive's key or bucket policy may have changed.",
			Severity:  alarm.Warn,
			Condition: alarm.Of(estate.At(metrics.ArchiveDelay, of("", estate.Archive)), alarm.Above, archiveLate),
			Period:    fiveMin, Periods: 3, Points: 3, Missing: alarm.Breaching,
			Silence: "The trail alone writes every few minutes; a silent stream gets no events.",
		},
		lostEvents("archive-loses", "DeliveryErrors", "Log events could not be handed to the archive's stream."),
		lostEvents("archive-throttled", "DeliveryThrottling", "Log events are handed to the archive's stream too fast."),
	}
}

// controls are the alarms over what guards the platform.
func (a Args) controls() []alarm.Alarm {
	all := []alarm.Alarm{
		{
			Kind:      "notifications-lost",
			Meaning:   "Notifications could be delivered to no subscriber: alarms reach nobody.",
			Action:    "verify:observability names the subscription; confirm it anew or mend its endpoint.",
			Severity:  alarm.Warn,
			Condition: alarm.Condition{Query: `SELECT SUM(NumberOfNotificationsFailed) FROM "AWS/SNS"`, Comparison: alarm.Above},
			Period:    fiveMin, Periods: 3, Points: 1, Missing: alarm.NotBreaching, Silence: nothingCounted,
		},
	}
	for _, color := range naming.Colors() {
		all = append(all, alarm.Alarm{
			Color: color, Kind: "rotation-step-failed",
			Meaning:   "A step of the rotation of a secret failed; the services keep the former password.",
			Action:    "The rotation's log names secret and step; after mending, rotate the secret by hand.",
			Severity:  alarm.Warn,
			Condition: alarm.Of(estate.At(metrics.RotationFailures, estate.Text(string(color))), alarm.Above, 0),
			Period:    fiveMin, Periods: 1, Points: 1, Missing: alarm.NotBreaching, Silence: "Secrets rotate once a month; between that nothing is sent.",
		})
	}
	return all
}

// lostEvents asks over all log groups, whatever dimensions CloudWatch Logs gives
// the metric (CloudWatch Logs user guide, "Monitoring with CloudWatch metrics").
func lostEvents(kind, metric, meaning string) alarm.Alarm {
	return alarm.Alarm{
		Kind: kind, Meaning: meaning,
		Action:   "Compare the account's subscription policy and its role with security's; CloudWatch Logs tries again for a day.",
		Severity: alarm.Warn,
		Condition: alarm.Condition{
			Query: `SELECT SUM(` + metric + `) FROM "AWS/Logs"`, Comparison: alarm.Above,
		},
		Period: fiveMin, Periods: 3, Points: 2, Missing: alarm.NotBreaching, Silence: nothingCounted,
	}
}
