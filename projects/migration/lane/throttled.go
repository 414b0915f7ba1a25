package lane

import (
	"context"
	"slices"

	"github.com/cutover/cutover/projects/migration/lane/govern"
	"github.com/cutover/cutover/projects/migration/lane/throttle"
)

// Throttle are the limits of the servers.
func (l Limits) Throttle() govern.Limits {
	return govern.Limits{
		Interval: l.ThrottleInterval, SourceCost: l.SourceCost, SourceActive: l.SourceActive, SourceVCPUs: l.SourceVCPUs,
		SourceCommit: l.SourceCommit, TargetCommit: l.TargetCommit, SourceLog: l.WALHard,
		TargetSoft: l.TargetSoft, TargetHard: l.TargetHard, Bandwidth: l.LoadBandwidth,
	}
}

// govern begins to obey the throttle of a load.
func (s *session) govern(ctx context.Context) *govern.Governor {
	return govern.Start(ctx, govern.Settings{
		Lane: s.run.Lane, Work: govern.Loading, Invocation: s.invocation, Source: s.endpoints.Reader, Target: s.endpoints.Apply,
		Most: s.limits.LoadWorkers, Limits: s.limits.Throttle(), Inputs: slices.Clone(s.run.Throttle),
	})
}

// names are those of the inputs that are over their limit.
func names(state throttle.State) []string {
	var names []string
	for _, reading := range state.Over() {
		names = append(names, reading.Name)
	}
	return names
}
