package steering

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/traffic"
)

// Health counts the targets of one target group by state.
type Health struct{ Healthy, Unhealthy, Other int }

// Eyes look at what gates judge.
type Eyes interface {
	// Targets counts the targets of a target group.
	Targets(ctx context.Context, targetGroupARN string) (Health, error)
	// Alarms returns the states of the alarms that exist, by name: OK, ALARM or
	// INSUFFICIENT_DATA.
	Alarms(ctx context.Context, names ...string) (map[string]string, error)
}

// FirstGates are the conditions of every move, by what they look at. s is the
// situation that the move starts from.
func (c *Controller) FirstGates(s Situation, eyes Eyes, alarms []string) []traffic.Gate {
	return []traffic.Gate{
		{Name: metrics.GateUnchanged, Ask: func(context.Context, traffic.Move) traffic.Reading { return unchanged(s) }},
		{Name: metrics.GateDNS, Ask: func(ctx context.Context, _ traffic.Move) traffic.Reading { return c.synced(ctx, s) }},
		{Name: metrics.GateSettled, Upward: true, Ask: func(_ context.Context, m traffic.Move) traffic.Reading { return settled(s, m.At) }},
		{Name: metrics.GateAuthority, Ask: func(ctx context.Context, m traffic.Move) traffic.Reading { return c.authority(ctx, m) }},
		{Name: metrics.GateTargets, Ask: func(ctx context.Context, m traffic.Move) traffic.Reading { return targets(ctx, eyes, s.Place, m) }},
		{Name: metrics.GateAlarms, Upward: true, Ask: func(ctx context.Context, _ traffic.Move) traffic.Reading { return quiet(ctx, eyes, alarms) }},
	}
}

// unchanged passes when Route 53 has what was decided last.
func unchanged(s Situation) traffic.Reading {
	expect := "what was decided last"
	if s.RecordErr != nil {
		return traffic.Unknown(expect, s.RecordErr)
	}
	if s.Record == nil {
		return traffic.Reading{Verdict: traffic.Pass, Value: s.Real.String() + "; nothing was decided before", Expect: expect}
	}
	r := traffic.Reading{Verdict: traffic.Fail, Value: s.Real.String(), Expect: fmt.Sprintf("%s (%s by %s)", s.Record.To, s.Record.Action, s.Record.Who)}
	if s.Real.Is(s.Record.To) || s.Record.Phase == traffic.Moving && s.Record.Explains(s.Real.Split()) {
		r.Verdict = traffic.Pass
	}
	return r
}

// synced passes when all of Route 53's servers answer the last change.
func (c *Controller) synced(ctx context.Context, s Situation) traffic.Reading {
	r := traffic.Reading{Verdict: traffic.Pass, Value: "no change is under way", Expect: "INSYNC"}
	if s.RecordErr != nil {
		return traffic.Unknown(r.Expect, s.RecordErr)
	}
	if s.Record == nil || s.Record.Change == "" {
		return r
	}
	done, err := c.DNS.InSync(ctx, s.Record.Change)
	switch {
	case err != nil:
		return traffic.Unknown(r.Expect, err)
	case !done:
		return traffic.Reading{Verdict: traffic.Inconclusive, Value: "PENDING: change " + s.Record.Change, Expect: r.Expect}
	}
	r.Value = "INSYNC"
	return r
}

// settled passes when resolvers have forgotten what was answered before the last
// change.
func settled(s Situation, at time.Time) traffic.Reading {
	r := traffic.Reading{Verdict: traffic.Pass, Value: "no step before", Expect: fmt.Sprintf("%s since the last step", Settle)}
	if s.RecordErr != nil {
		return traffic.Unknown(r.Expect, s.RecordErr)
	}
	if s.Record == nil {
		return r
	}
	age := at.Sub(s.Record.Since)
	r.Value = age.Round(time.Second).String()
	if age < Settle {
		r.Verdict = traffic.Inconclusive
	}
	return r
}

// authority passes while the token is open: nothing in traffic may change while
// writers are being moved. The last step, which leaves blue without traffic, and
// every step beyond half needs green as the holder.
func (c *Controller) authority(ctx context.Context, m traffic.Move) traffic.Reading {
	r := traffic.Reading{Verdict: traffic.Fail, Expect: "phase open"}
	needsGreen := m.Upward() && m.To.Share(naming.Green) > traffic.At(traffic.SwitchAfter).Share(naming.Green)
	if needsGreen {
		r.Expect += fmt.Sprintf(", holder green: the data moves before more than %d %% of the traffic does", traffic.SwitchAfter)
	}
	token, err := c.WhoMayWrite(ctx)
	if err != nil {
		return traffic.Unknown(r.Expect, err)
	}
	r.Value = fmt.Sprintf("phase %s, holder %s, epoch %d", token.Phase, token.Holder, token.Epoch)
	if token.Phase == control.PhaseOpen && (!needsGreen || token.Holder == naming.Green) {
		r.Verdict = traffic.Pass
	}
	return r
}

// WhoMayWrite reads the token of authority. Before the migration gave the first one
// the error is ErrAbsent.
func (c *Controller) WhoMayWrite(ctx context.Context) (control.Token, error) {
	item, err := c.authorityItem(ctx)
	if errors.Is(err, ErrAbsent) {
		return control.Token{}, fmt.Errorf("nobody was given the authority yet, migrate:start and migrate:verify do: %w", err)
	}
	if err != nil {
		return control.Token{}, err
	}
	return control.DecodeToken(item.Rev, item.Fields)
}

func (c *Controller) authorityItem(ctx context.Context) (Item, error) {
	if c.Authority != nil {
		return c.Authority(ctx)
	}
	return c.Table.Get(ctx, control.AuthorityItem)
}

// targets passes when every target group of each colour that gets more requests
// has healthy targets and no unhealthy one. Targets that are on their way in or
// out decide nothing.
func targets(ctx context.Context, eyes Eyes, place traffic.Place, m traffic.Move) traffic.Reading {
	r := traffic.Reading{Verdict: traffic.Pass, Expect: "healthy targets and no unhealthy one in every target group"}
	var found []string
	for _, color := range m.Gains() {
		groups := place.Of(color).TargetGroups
		if len(groups) == 0 {
			return traffic.Reading{Value: fmt.Sprintf("the target groups of %s are not known", color), Expect: r.Expect}
		}
		for _, service := range slices.Sorted(maps.Keys(groups)) {
			health, err := eyes.Targets(ctx, groups[service])
			if err != nil {
				return traffic.Unknown(r.Expect, fmt.Errorf("%s %s: %w", color, service, err))
			}
			found = append(found, fmt.Sprintf("%s %s %s", color, service, health))
			r.Verdict = worse(r.Verdict, health.verdict())
		}
	}
	r.Value = strings.Join(found, ", ")
	if len(found) == 0 {
		r.Value = "nobody gets more"
	}
	return r
}

func (h Health) verdict() traffic.Verdict {
	switch {
	case h.Unhealthy > 0, h.Healthy == 0 && h.Other == 0:
		return traffic.Fail
	case h.Healthy == 0:
		return traffic.Inconclusive
	default:
		return traffic.Pass
	}
}

// String tells "2/3 healthy".
func (h Health) String() string {
	return fmt.Sprintf("%d/%d healthy", h.Healthy, h.Healthy+h.Unhealthy+h.Other)
}

// worse orders Fail over Inconclusive over Pass.
func worse(a, b traffic.Verdict) traffic.Verdict {
	if a == traffic.Fail || b == traffic.Fail {
		return traffic.Fail
	}
	return min(a, b)
}

// quiet passes when all of the alarms are there and none is raised.
func quiet(ctx context.Context, eyes Eyes, names []string) traffic.Reading {
	r := traffic.Reading{Verdict: traffic.Pass, Expect: "OK"}
	states, err := eyes.Alarms(ctx, names...)
	if err != nil {
		return traffic.Unknown(r.Expect, err)
	}
	var found []string
	for _, name := range names {
		state := states[name]
		verdict := traffic.Inconclusive
		switch cwtypes.StateValue(state) {
		case cwtypes.StateValueOk:
			verdict = traffic.Pass
		case cwtypes.StateValueAlarm:
			verdict = traffic.Fail
		case cwtypes.StateValueInsufficientData:
		default:
			state = "does not exist"
		}
		r.Verdict = worse(r.Verdict, verdict)
		found = append(found, name+" "+state)
	}
	r.Value = strings.Join(found, ", ")
	return r
}

var _ Eyes = (*Cloud)(nil)

// Cloud looks through the APIs of Elastic Load Balancing and CloudWatch.
type Cloud struct {
	balancers *elb.Client
	watch     *cloudwatch.Client
}

// NewCloud returns the eyes for an account.
func NewCloud(c aws.Config) *Cloud {
	return &Cloud{balancers: elb.NewFromConfig(c), watch: cloudwatch.NewFromConfig(c)}
}

// Targets counts the targets of a target group.
func (c *Cloud) Targets(ctx context.Context, targetGroupARN string) (Health, error) {
	out, err := c.balancers.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: aws.String(targetGroupARN)})
	if err != nil {
		return Health{}, fmt.Errorf("ask for targets: %w", err)
	}
	var h Health
	for _, target := range out.TargetHealthDescriptions {
		switch target.TargetHealth.State {
		case elbtypes.TargetHealthStateEnumHealthy:
			h.Healthy++
		case elbtypes.TargetHealthStateEnumUnhealthy, elbtypes.TargetHealthStateEnumUnavailable:
			h.Unhealthy++
		default: // on their way in or out
			h.Other++
		}
	}
	return h, nil
}

// Silences returns what missing data mean to alarms, as CloudWatch has it: "breaching"
// where silence is a fault. Composite ones have no data.
func (c *Cloud) Silences(ctx context.Context, names ...string) (map[string]string, error) {
	out, err := c.described(ctx, names)
	if err != nil {
		return nil, err
	}
	silences := map[string]string{}
	for _, a := range out.MetricAlarms {
		silences[aws.ToString(a.AlarmName)] = aws.ToString(a.TreatMissingData)
	}
	return silences, nil
}

func (c *Cloud) described(ctx context.Context, names []string) (*cloudwatch.DescribeAlarmsOutput, error) {
	out, err := c.watch.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{
		AlarmNames: names, AlarmTypes: []cwtypes.AlarmType{cwtypes.AlarmTypeCompositeAlarm, cwtypes.AlarmTypeMetricAlarm},
	})
	if err != nil {
		return nil, fmt.Errorf("ask for alarms: %w", err)
	}
	return out, nil
}

// Alarms returns the states of alarms, composite ones too.
func (c *Cloud) Alarms(ctx context.Context, names ...string) (map[string]string, error) {
	out, err := c.described(ctx, names)
	if err != nil {
		return nil, err
	}
	states := map[string]string{}
	for _, a := range out.CompositeAlarms {
		states[aws.ToString(a.AlarmName)] = string(a.StateValue)
	}
	for _, a := range out.MetricAlarms {
		states[aws.ToString(a.AlarmName)] = string(a.StateValue)
	}
	return states, nil
}
