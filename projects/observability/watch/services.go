package watch

import (
	"time"

	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/projects/observability/estate"
	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
)

// busy is the share of CPU or memory above which scaling has not kept up.
const busy = 85

func (a Args) services(color naming.Color) []alarm.Alarm {
	var all []alarm.Alarm
	for _, service := range a.Services.Services {
		all = append(all,
			a.serviceErrors(color, service.Name), a.serviceTime(color, service),
			noTargets(color, service), badTargets(color, service.Name), missingTasks(color, service.Name),
			load(color, service.Name, "cpu-high", "CPU", metrics.ServiceCPU), load(color, service.Name, "memory-high", "memory", metrics.ServiceMemory))
	}
	return all
}

func (a Args) serviceErrors(color naming.Color, service string) alarm.Alarm {
	group, balancer := of(color, estate.TargetGroup, service), of(color, estate.Balancer)
	return alarm.Alarm{
		Color: color, Subject: service, Kind: "error-rate",
		Meaning:  "The service answers too many requests with errors of its own.",
		Action:   "Run the saved query for failed payments; if it began with a deployment or a shift of traffic, go back: rollback:edge.",
		Severity: alarm.Warn,
		Condition: alarm.Condition{
			Terms: []alarm.Term{
				{ID: "errors", Series: estate.At(metrics.ServiceErrors, group, balancer)},
				{ID: "requests", Series: estate.At(metrics.TargetAnswers, group, balancer)},
			},
			Expression: percent("errors", "requests", enough), Comparison: alarm.Above, Threshold: float64(a.Limits.ErrorPercent),
		},
		Period: minute, Periods: 5, Points: 3, Missing: alarm.NotBreaching, Silence: nothingCounted,
	}
}

func (a Args) serviceTime(color naming.Color, service catalog.Service) alarm.Alarm {
	limit := a.Limits.ReportMs
	if service.Payments {
		limit = a.Limits.LatencyMs
	}
	return alarm.Alarm{
		Color: color, Subject: service.Name, Kind: "slow",
		Meaning:  "One request in a hundred takes longer than customers are promised.",
		Action:   "Compare with the database's latency and the service's CPU; run the saved query for slow requests.",
		Severity: alarm.Warn,
		Condition: alarm.Of(estate.At(metrics.ServiceTime, of(color, estate.TargetGroup, service.Name), of(color, estate.Balancer)),
			alarm.Above, (time.Duration(limit) * time.Millisecond).Seconds()),
		Period: minute, Periods: 5, Points: 5, Missing: alarm.NotBreaching, Silence: nothingCounted,
	}
}

func noTargets(color naming.Color, service catalog.Service) alarm.Alarm {
	severity := alarm.Warn
	if service.Payments {
		severity = alarm.Page
	}
	return alarm.Alarm{
		Color: color, Subject: service.Name, Kind: "no-healthy-target",
		Meaning:  "No task of the service is healthy: all its requests fail.",
		Action:   "If the colour has traffic: rollback:edge. Then verify:services, and look at why the last tasks ended.",
		Severity: severity,
		Condition: alarm.Of(estate.At(metrics.HealthyTargets.By(metrics.Maximum), of(color, estate.TargetGroup, service.Name), of(color, estate.Balancer)),
			alarm.Below, 1),
		Period: minute, Periods: 2, Points: 2, Missing: alarm.Breaching,
		Silence: "A target group without any target sends nothing.",
	}
}

func badTargets(color naming.Color, service string) alarm.Alarm {
	return alarm.Alarm{
		Color: color, Subject: service, Kind: "unhealthy-target",
		Meaning:   "A task of the service fails its health check.",
		Action:    "Wait for the replacement that ECS starts; if it fails as well, look at the task's log.",
		Severity:  alarm.Warn,
		Condition: alarm.Of(estate.At(metrics.UnhealthyTargets, of(color, estate.TargetGroup, service), of(color, estate.Balancer)), alarm.Above, 0),
		Period:    minute, Periods: 5, Points: 3, Missing: alarm.NotBreaching,
		Silence: "Without targets there is no unhealthy one; that none is healthy has an alarm of its own.",
	}
}

func missingTasks(color naming.Color, service string) alarm.Alarm {
	cluster, name := of(color, estate.Cluster), of(color, estate.Service, service)
	return alarm.Alarm{
		Color: color, Subject: service, Kind: "tasks-missing",
		Meaning:  "The service runs fewer tasks than it should, for longer than a deployment takes.",
		Action:   "verify:services tells the reason of the last stopped tasks: image, secret, capacity of a zone.",
		Severity: alarm.Warn,
		Condition: alarm.Condition{
			Terms: []alarm.Term{
				{ID: "wanted", Series: estate.At(metrics.WantedTasks, cluster, name)},
				{ID: "running", Series: estate.At(metrics.RunningTasks, cluster, name)},
			},
			Expression: "wanted-running", Comparison: alarm.Above,
		},
		Period: minute, Periods: 15, Points: 15, Missing: alarm.Breaching, Silence: alwaysSent,
	}
}

func load(color naming.Color, service, kind, what string, metric metrics.Metric) alarm.Alarm {
	return alarm.Alarm{
		Color: color, Subject: service, Kind: kind,
		Meaning:   "The service's " + what + " stays high although scaling should have added tasks.",
		Action:    "Look whether the service is at its largest number of tasks; raise it in the services' configuration.",
		Severity:  alarm.Warn,
		Condition: alarm.Of(estate.At(metric, of(color, estate.Cluster), of(color, estate.Service, service)), alarm.Above, busy),
		Period:    minute, Periods: 10, Points: 10, Missing: alarm.NotBreaching,
		Silence: "A service without tasks has no load; that tasks are missing has an alarm of its own.",
	}
}

func (a Args) queues(color naming.Color) []alarm.Alarm {
	var all []alarm.Alarm
	for _, owner := range a.Services.Queues() {
		all = append(all, alarm.Alarm{
			Color: color, Subject: owner, Kind: "queue-old",
			Meaning:   "Messages wait too long: payments are accepted and not processed.",
			Action:    "Look at the tasks of the service that takes from the queue, then at its database.",
			Severity:  alarm.Page,
			Condition: alarm.Of(estate.At(metrics.QueueAge, of(color, estate.Queue, owner)), alarm.Above, float64(a.Limits.QueueAgeSeconds)),
			Period:    minute, Periods: 5, Points: 3, Missing: alarm.NotBreaching,
			Silence: "A queue that was not used for six hours sends nothing.",
		}, alarm.Alarm{
			Color: color, Subject: owner, Kind: "dead-letters-open",
			Meaning:   "A message was tried as often as allowed and put aside: a payment is not processed.",
			Action:    "Read the message's id (not its body) and the service's log of it; mend the cause, then redrive the queue.",
			Severity:  alarm.Page,
			Condition: alarm.Of(estate.At(metrics.WaitingMessages, of(color, estate.DeadLetters, owner)), alarm.Above, 0),
			Period:    minute, Periods: 1, Points: 1, Missing: alarm.NotBreaching,
			Silence: "A queue that was not used for six hours sends nothing.",
		})
	}
	return all
}

func (a Args) functions(color naming.Color) []alarm.Alarm {
	all := a.function(color, "rotation", of(color, estate.Rotation), alarm.Warn)
	for _, name := range estate.Functions() {
		all = append(all, a.function(color, name, of(color, estate.Function, name), alarm.Warn)...)
	}
	for _, name := range estate.Machines() {
		all = append(all, a.machine(color, name, of(color, estate.Machine, name))...)
	}
	return append(all, alarm.Alarm{
		Color: color, Kind: "events-lost",
		Meaning:   "An event that a function of the migration failed on lies among the dead letters.",
		Action:    "Read the letter's attributes for function and reason; schedules make the next event by themselves, a chunk of a load is started anew.",
		Severity:  alarm.Warn,
		Condition: alarm.Of(estate.At(metrics.WaitingMessages, of(color, estate.LostEvents)), alarm.Above, 0),
		Period:    minute, Periods: 10, Points: 10, Missing: alarm.NotBreaching,
		Silence: "A queue that was not used for six hours sends nothing.",
	})
}

// machine are the alarms of one state machine. A switch that ends badly may have
// left nobody who can write, so it pages; a load or a comparison is started anew.
func (a Args) machine(color naming.Color, subject string, arn estate.Value) []alarm.Alarm {
	severity := alarm.Warn
	if subject == "switch" {
		severity = alarm.Page
	}
	one := func(kind, meaning, action string, metric metrics.Metric, severity alarm.Severity) alarm.Alarm {
		return alarm.Alarm{
			Color: color, Subject: subject + "-machine", Kind: kind, Meaning: meaning, Action: action, Severity: severity,
			Condition: alarm.Of(estate.At(metric, arn), alarm.Above, 0),
			Period:    minute, Periods: 1, Points: 1, Missing: alarm.NotBreaching, Silence: nothingCounted,
		}
	}
	return []alarm.Alarm{
		one("machine-failed", "An execution of the state machine has failed.",
			"Read the execution's error: it has the name of the end, and docs/sync.md says what each asks for.", metrics.MachineFailures, severity),
		one("machine-timed-out", "An execution of the state machine ran out of its time.",
			"Look at status: what was done stays done. Then start the machine again.", metrics.MachineTimeouts, severity),
		one("machine-throttled", "Step Functions holds the state machine back: the account's limit of transitions is used up.",
			"Find what else uses Step Functions; a raise of the limit takes a case with AWS.", metrics.MachineThrottles, alarm.Warn),
	}
}

// function are the alarms of one Lambda function. A single error is retried; two of
// three periods are not an accident.
func (a Args) function(color naming.Color, subject string, name estate.Value, severity alarm.Severity) []alarm.Alarm {
	one := func(kind, meaning, action string, metric metrics.Metric, points int) alarm.Alarm {
		return alarm.Alarm{
			Color: color, Subject: subject + "-function", Kind: kind, Meaning: meaning, Action: action, Severity: severity,
			Condition: alarm.Of(estate.At(metric, name), alarm.Above, 0),
			Period:    fiveMin, Periods: 3, Points: points, Missing: alarm.NotBreaching, Silence: nothingCounted,
		}
	}
	return []alarm.Alarm{
		one("function-errors", "The function fails again and again.", "Read the function's log; it names the cause in its last line.", metrics.FunctionErrors, 2),
		one("function-throttled", "The function is not started because its reserved concurrency is used up.", "Look for invocations that hang; raise the reservation only if they do not.", metrics.FunctionThrottles, 2),
		one("function-letters-lost", "A failed invocation could not even be put into the queue of dead letters.", "Check the queue's policy and key, then invoke the function by hand.", metrics.FunctionLostLetters, 1),
	}
}
