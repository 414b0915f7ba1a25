package services

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/appautoscaling"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/config"
)

// Scheduled is how many tasks of a service run at least from a time on, for load
// that comes by the clock: autoscaling would see it when it is there.
type Scheduled struct {
	// At is when, in UTC: cron(minutes hours day-of-month month day-of-week year), as
	// Application Auto Scaling reads it.
	At string `config:"at"`
	// PercentOfMax is the part of the release's largest number of tasks, 0 to 100; the
	// release's least number holds at any time.
	PercentOfMax int `config:"percentOfMax"`
}

// cron takes the form only (Application Auto Scaling user guide, "Cron
// expressions reference"): which of the two days is the question mark, AWS checks.
var (
	cron   = regexp.MustCompile(`^cron\(([0-9A-Za-z*?,/#-]+ ){5}[0-9A-Za-z*?,/#-]+\)$`)
	moment = regexp.MustCompile(`^[a-z][a-z-]{0,30}$`)
)

// fewestMoments: a bound that nothing lowers would hold for ever.
const fewestMoments = 2

func validateSchedule(p *config.Problems, at string, schedule map[string]Scheduled) {
	p.Check(len(schedule) >= fewestMoments, at, len(schedule), "at least two times: one that raises the number of tasks, and one that lets it fall")
	for _, name := range slices.Sorted(maps.Keys(schedule)) {
		key, each := at+"."+name, schedule[name]
		p.Check(moment.MatchString(name), key, name, "a name of lower-case letters and dashes, such as working-hours")
		p.Check(cron.MatchString(each.At), key+".at", each.At, "a time such as cron(0 6 ? * MON-FRI *), in UTC")
		p.Check(each.PercentOfMax >= 0 && each.PercentOfMax <= 100, key+".percentOfMax", each.PercentOfMax, "a percentage from 0 to 100")
	}
}

// least is the number of tasks from this time on.
func (s Scheduled) least(bounds Tasks) int {
	return max(bounds.Min, (bounds.Max*s.PercentOfMax+99)/100)
}

func (s Scaling) schedule() map[string]Scheduled {
	if s.Schedule == nil {
		return nil
	}
	return *s.Schedule
}

// leasts lists what the least number of tasks may be, by the clock.
func (s Scaling) leasts(bounds Tasks) []int {
	list := []int{bounds.Min}
	for _, each := range s.schedule() {
		list = append(list, each.least(bounds))
	}
	return list
}

// addSchedule changes the lower bound of autoscaling by the clock.
func (w *Workload) addSchedule(ctx *pulumi.Context, name string, args *WorkloadArgs) error {
	schedule, bounds := args.Scaling.schedule(), args.Release.Tasks
	for _, at := range slices.Sorted(maps.Keys(schedule)) {
		action, err := appautoscaling.NewScheduledAction(ctx, name+"-"+at, &appautoscaling.ScheduledActionArgs{
			Name:              pulumi.String(scalingName(args.Names, args.Service.Name, at)),
			ServiceNamespace:  w.target.ServiceNamespace,
			ResourceId:        w.target.ResourceId,
			ScalableDimension: w.target.ScalableDimension,
			Schedule:          pulumi.String(schedule[at].At),
			Timezone:          pulumi.String("UTC"),
			ScalableTargetAction: appautoscaling.ScheduledActionScalableTargetActionArgs{
				MinCapacity: pulumi.Int(schedule[at].least(bounds)), MaxCapacity: pulumi.Int(bounds.Max),
			},
		}, pulumi.Parent(w))
		if err != nil {
			return fmt.Errorf("scaling at %s: %w", at, err)
		}
		w.ScheduleNames[args.Service.Name+"/"+at] = action.Name
	}
	return nil
}
