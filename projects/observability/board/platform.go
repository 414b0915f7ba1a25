package board

import (
	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/projects/observability/dashboard"
	"github.com/cutover/cutover/projects/observability/estate"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
)

// platform shows the health of everything that answers customers, from the outside
// inwards.
func (b *builder) platform() [][]dashboard.Widget {
	rows := [][]dashboard.Widget{
		b.heading("Platform", "Health of both colours, from the balancers inwards."),
		b.alarms("Services", b.composites(func(c alarm.Composite) bool { return c.Kind == "degraded" })),
	}
	for _, part := range [][][]dashboard.Widget{b.requests(), b.firewall(), b.containers(), b.databases(), b.items(), b.messages(), b.guards()} {
		rows = append(rows, part...)
	}
	return rows
}

func (b *builder) requests() [][]dashboard.Widget {
	return [][]dashboard.Widget{
		b.section("Requests"),
		{
			b.graph(third, "Requests per minute", b.targets(metrics.TargetAnswers)),
			b.graph(third, "Errors of services (5xx) per minute", b.targets(metrics.ServiceErrors)),
			b.errorShare(),
		},
		{
			b.graph(third, "Response time, p50, s", b.targets(metrics.ServiceTime.By(metrics.P50))),
			b.graph(third, "Response time, p95, s", b.targets(metrics.ServiceTime.By(metrics.P95))),
			b.graph(third, "Response time, p99, s", b.targets(metrics.ServiceTime)),
		},
		{
			b.graph(quarter, "Targets: healthy", b.targets(metrics.HealthyTargets), "no-healthy-target"),
			b.graph(quarter, "Targets: unhealthy", b.targets(metrics.UnhealthyTargets)),
			b.graph(quarter, "Connections refused; failed to targets; failed handshakes", join(
				byColor(metrics.RefusedConnections, " refused", estate.Balancer), byColor(metrics.ConnectionFailures, " to targets", estate.Balancer), byColor(metrics.HandshakeFailures, " handshakes", estate.Balancer))),
			b.graph(quarter, "Requests per target", byName(metrics.TargetRequests, "", b.Watch.Services.Names(), func(color naming.Color, service string) []estate.Value {
				return []estate.Value{estate.Of(color, estate.TargetGroup, service)}
			})),
		},
	}
}

// errorShare is the part of requests that fail, of services and balancer together.
func (b *builder) errorShare() dashboard.Widget {
	var hidden, shown []dashboard.Line
	for number, color := range naming.Colors() {
		ids := []string{dashboard.ID("t", number), dashboard.ID("b", number), dashboard.ID("r", number)}
		for i, metric := range []metrics.Metric{metrics.TargetErrors, metrics.BalancerErrors, metrics.Requests} {
			line := b.line(string(color), "", estate.At(metric, estate.Of(color, estate.Balancer)))
			line.ID, line.Hidden = ids[i], true
			hidden = append(hidden, line)
		}
		shown = append(shown, dashboard.Line{
			ID: dashboard.ID("e", number), Label: string(color), Color: paint[color],
			Expression: "100*(FILL(" + ids[0] + ",0)+FILL(" + ids[1] + ",0))/" + ids[2],
		})
	}
	return b.graph(third, "Failed requests, %", func(*builder) []dashboard.Line { return append(hidden, shown...) }, "error-rate")
}

func (b *builder) firewall() [][]dashboard.Widget {
	acl := func(metric metrics.Metric, label string) lines {
		return func(b *builder) []dashboard.Line {
			return []dashboard.Line{b.line(label, "", estate.At(metric, estate.Of("", estate.Firewall), estate.Text(config.Region), estate.Text(metrics.EveryRule)))}
		}
	}
	byRule := func(metric metrics.Metric) lines {
		return search(metric, "", map[string]estate.Value{"WebACL": estate.Of("", estate.Firewall)})
	}
	return [][]dashboard.Widget{
		b.section("Web ACL"),
		{
			b.graph(quarter, "Requests: blocked and counted", join(acl(metrics.BlockedRequests, "blocked"), acl(metrics.CountedRequests, "counted"))),
			b.graph(quarter, "Requests: allowed", acl(metrics.AllowedRequests, "allowed")),
			b.graph(quarter, "Blocked by rule", byRule(metrics.BlockedRequests)),
			b.graph(quarter, "Counted by rule", byRule(metrics.CountedRequests)),
		},
	}
}

func (b *builder) containers() [][]dashboard.Widget {
	return [][]dashboard.Widget{
		b.section("Containers"),
		{
			b.graph(quarter, "Tasks running", b.tasks(metrics.RunningTasks, "")),
			b.graph(quarter, "Tasks wanted; starting", join(b.tasks(metrics.WantedTasks, " wanted"), b.tasks(metrics.StartingTasks, " starting"))),
			b.graph(quarter, "CPU, %", b.tasks(metrics.ServiceCPU, ""), "cpu-high"),
			b.graph(quarter, "Memory, %", b.tasks(metrics.ServiceMemory, ""), "memory-high"),
		},
	}
}

func (b *builder) databases() [][]dashboard.Widget {
	of := func(metric metrics.Metric) lines { return byColor(metric, "", estate.Database) }
	return [][]dashboard.Widget{
		b.section("Databases"),
		{
			b.graph(quarter, "CPU, %", of(metrics.DatabaseCPU), "database-busy"),
			b.graph(quarter, "Connections", of(metrics.DatabaseConnections), "connections-high"),
			b.graph(quarter, "Commit latency, ms", of(metrics.DatabaseWrite)),
			b.graph(quarter, "Replica lag, ms", of(metrics.ReplicaLag), "replica-lag"),
		},
		{
			b.graph(quarter, "Free memory, bytes", of(metrics.DatabaseMemory), "memory-low"),
			b.graph(quarter, "Free local storage, bytes", of(metrics.DatabaseLocalSpace), "local-space-low"),
			b.graph(quarter, "Volume, bytes", of(metrics.DatabaseVolume)),
			b.graph(quarter, "Deadlocks per second; oldest transaction id", join(byColor(metrics.DatabaseDeadlocks, " deadlocks", estate.Database), byColor(metrics.DatabaseOldestID, " oldest id", estate.Database))),
		},
	}
}

func (b *builder) items() [][]dashboard.Widget {
	return [][]dashboard.Widget{
		b.section("Tables"),
		{
			b.graph(third, "Capacity used", join(tables(metrics.TableReads, " reads"), tables(metrics.TableWrites, " writes"))),
			b.graph(third, "Throttled", join(tables(metrics.TableReadThrottling, " reads"), tables(metrics.TableWriteThrottling, " writes"))),
			b.graph(third, "Failures of DynamoDB itself", join(tables(metrics.TableSystemErrors, " get", estate.Text("GetItem")), tables(metrics.TableSystemErrors, " put", estate.Text("PutItem")))),
		},
	}
}

func (b *builder) messages() [][]dashboard.Widget {
	network := func(metric metrics.Metric) lines {
		var all []lines
		for _, color := range naming.Colors() {
			all = append(all, search(metric, string(color), map[string]estate.Value{"VPC Id": estate.Of(color, estate.Network)}))
		}
		return join(all...)
	}
	return [][]dashboard.Widget{
		b.section("Queues and endpoints"),
		{
			b.graph(quarter, "Age of the oldest message, s", b.queues(metrics.QueueAge, estate.Queue, ""), "queue-old"),
			b.graph(quarter, "Messages waiting; put aside", join(b.queues(metrics.WaitingMessages, estate.Queue, " waiting"), b.queues(metrics.WaitingMessages, estate.DeadLetters, " put aside"))),
			b.graph(quarter, "Endpoints: bytes", network(metrics.EndpointBytes)),
			b.graph(quarter, "Endpoints: dropped packets", network(metrics.EndpointDropped)),
		},
	}
}

func (b *builder) guards() [][]dashboard.Widget {
	certificate := func(b *builder) []dashboard.Line {
		return []dashboard.Line{b.line("public name", "", estate.At(metrics.CertificateDays, estate.Of("", estate.Certificate)))}
	}
	signatures := func(b *builder) []dashboard.Line {
		zone := estate.Of("", estate.Zone)
		return []dashboard.Line{b.line("failures", "", estate.At(metrics.SigningFailure, zone)), b.line("keys", "", estate.At(metrics.SigningKeysAiling, zone))}
	}
	widgets := []dashboard.Widget{
		b.graph(quarter, "Certificate: days to its end", certificate, "certificate-ends-soon", "certificate-ends"),
		b.graph(quarter, "Notifications that reached nobody", search(metrics.LostNotifications, "", nil)),
	}
	if b.Watch.Baseline {
		delay := func(b *builder) []dashboard.Line {
			return []dashboard.Line{b.line("archive", "", estate.At(metrics.ArchiveDelay, estate.Of("", estate.Archive)))}
		}
		var calls lines = func(b *builder) []dashboard.Line {
			var out []dashboard.Line
			for _, metric := range metrics.Audit() {
				out = append(out, b.line(metric.Name, "", estate.At(metric)))
			}
			return out
		}
		widgets = append(widgets, b.graph(quarter, "Log archive: delay, s", delay, "archive-late"), b.graph(quarter, "Calls that change guards", calls))
	}
	return [][]dashboard.Widget{b.section("Guards"), widgets, {
		b.graph(quarter, "Public zone: failures to sign; keys to see to", signatures, "zone-signing-fails", "zone-key-ailing"),
	}}
}
