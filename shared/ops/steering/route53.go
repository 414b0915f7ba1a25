package steering

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/traffic"
)

var _ DNS = (*Route53)(nil)

// attempts is how often a call is made that AWS throttles or fails on its side,
// in the SDK's standard mode. Route 53 takes five calls a second of an account
// (Route 53 developer guide, "Quotas").
const attempts = 6

// Route53 is the DNS that Amazon Route 53 serves. Its API is one for all regions.
type Route53 struct{ client *route53.Client }

// NewRoute53 returns the adapter for an account.
func NewRoute53(c aws.Config) *Route53 {
	return &Route53{route53.NewFromConfig(c, func(o *route53.Options) { o.RetryMaxAttempts = attempts })}
}

// Find returns the id of the public zone of a domain.
func (r *Route53) Find(ctx context.Context, domain string) (string, error) {
	out, err := r.client.ListHostedZonesByName(ctx, &route53.ListHostedZonesByNameInput{DNSName: aws.String(domain)})
	if err != nil {
		return "", fmt.Errorf("look for the zone of %s: %w", domain, err)
	}
	var ids []string
	for _, zone := range out.HostedZones {
		if sameName(aws.ToString(zone.Name), domain) && (zone.Config == nil || !zone.Config.PrivateZone) {
			ids = append(ids, bare(aws.ToString(zone.Id)))
		}
	}
	switch len(ids) {
	case 1:
		return ids[0], nil
	case 0:
		return "", fmt.Errorf("public zone of %s: %w", domain, ErrAbsent)
	default:
		return "", fmt.Errorf("public zones of %s are %s: expected one; name it as edge:zoneId in the stack file", domain, strings.Join(ids, ", "))
	}
}

// Observe reads the weighted records of the public name and their health checks.
func (r *Route53) Observe(ctx context.Context, place traffic.Place) (Reality, error) {
	sets, err := r.sets(ctx, place)
	if err != nil {
		return Reality{}, err
	}
	var real Reality
	var mutex sync.Mutex
	var group sync.WaitGroup
	var problems []error
	for _, color := range naming.Colors() {
		group.Go(func() {
			side, err := r.side(ctx, sets[color], place.Of(color).HealthCheck)
			mutex.Lock()
			defer mutex.Unlock()
			if err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", color, err))
			}
			*real.side(color) = side
		})
	}
	group.Wait()
	return real, errors.Join(problems...)
}

func (r *Reality) side(color naming.Color) *Side {
	if color == naming.Blue {
		return &r.Blue
	}
	return &r.Green
}

// sets reads the weighted records of the public name by colour.
func (r *Route53) sets(ctx context.Context, place traffic.Place) (map[naming.Color]*types.ResourceRecordSet, error) {
	out, err := r.client.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{
		HostedZoneId: aws.String(place.ZoneID), StartRecordName: aws.String(place.PublicName), StartRecordType: types.RRTypeA,
	})
	var gone *types.NoSuchHostedZone
	if errors.As(err, &gone) {
		return nil, fmt.Errorf("zone %s: %w", place.ZoneID, ErrAbsent)
	}
	if err != nil {
		return nil, fmt.Errorf("read the records of %s: %w", place.PublicName, err)
	}
	sets := map[naming.Color]*types.ResourceRecordSet{}
	for i, set := range out.ResourceRecordSets {
		if sameName(aws.ToString(set.Name), place.PublicName) && set.Type == types.RRTypeA && set.Weight != nil {
			sets[naming.Color(aws.ToString(set.SetIdentifier))] = &out.ResourceRecordSets[i]
		}
	}
	return sets, nil
}

func (r *Route53) side(ctx context.Context, set *types.ResourceRecordSet, check string) (Side, error) {
	side := Side{HealthCheck: check}
	if set != nil {
		side.Exists, side.Weight = true, int(aws.ToInt64(set.Weight))
		if id := aws.ToString(set.HealthCheckId); id != "" {
			side.HealthCheck = id
		}
		if set.AliasTarget != nil {
			side.Endpoint, side.EndpointZone = aws.ToString(set.AliasTarget.DNSName), aws.ToString(set.AliasTarget.HostedZoneId)
			side.Evaluate = set.AliasTarget.EvaluateTargetHealth
		}
	}
	if side.HealthCheck == "" {
		return side, nil
	}
	out, err := r.client.GetHealthCheck(ctx, &route53.GetHealthCheckInput{HealthCheckId: aws.String(side.HealthCheck)})
	var gone *types.NoSuchHealthCheck
	if errors.As(err, &gone) && set == nil {
		side.HealthCheck = "" // the place remembers what is no more
		return side, nil
	}
	if err != nil {
		return side, fmt.Errorf("read health check %s: %w", side.HealthCheck, err)
	}
	inverted, disabled := aws.ToBool(out.HealthCheck.HealthCheckConfig.Inverted), aws.ToBool(out.HealthCheck.HealthCheckConfig.Disabled)
	side.Shut, side.HalfShut = inverted && disabled, inverted != disabled
	return side, nil
}

// Apply opens who gets traffic, then changes the weights and shuts who gets none
// side by side: a shut health check takes a colour away also when the records
// cannot be changed.
func (r *Route53) Apply(ctx context.Context, place traffic.Place, real Reality, split traffic.Split) (string, error) {
	var openErr error
	for _, color := range naming.Colors() {
		if side := real.Of(color); !split.Shut(color) && (side.Shut || side.HalfShut) {
			openErr = errors.Join(openErr, r.shut(ctx, side.HealthCheck, false))
		}
	}
	var change string
	var changeErr, shutErr error
	var group sync.WaitGroup
	group.Go(func() { change, changeErr = r.weigh(ctx, place, real, split) })
	for _, color := range naming.Colors() {
		side := real.Of(color)
		if split.Shut(color) && side.HealthCheck != "" && (!side.Shut || side.HalfShut) {
			group.Go(func() { shutErr = r.shut(ctx, side.HealthCheck, true) })
		}
	}
	group.Wait()
	return change, errors.Join(openErr, changeErr, shutErr)
}

// shut makes a health check fail whatever it measures, or measure again: Route 53
// takes a disabled check for healthy and an inverted one for the opposite (Route
// 53 API reference, HealthCheckConfig, Disabled).
func (r *Route53) shut(ctx context.Context, id string, shut bool) error {
	if _, err := r.client.UpdateHealthCheck(ctx, &route53.UpdateHealthCheckInput{
		HealthCheckId: aws.String(id), Disabled: aws.Bool(shut), Inverted: aws.Bool(shut),
	}); err != nil {
		return fmt.Errorf("change health check %s: %w", id, err)
	}
	return nil
}

// weigh writes the records whose weight differs, all in one change. A record that
// is not there is made only for a colour that gets traffic.
func (r *Route53) weigh(ctx context.Context, place traffic.Place, real Reality, split traffic.Split) (string, error) {
	var changes []types.Change
	for _, color := range naming.Colors() {
		side := real.Of(color)
		if side.Exists && side.Weight == split.Weight(color) || !side.Exists && split.Shut(color) {
			continue
		}
		changes = append(changes, types.Change{Action: types.ChangeActionUpsert, ResourceRecordSet: weighted(place, color, side, split)})
	}
	if len(changes) == 0 {
		return "", nil
	}
	out, err := r.client.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: aws.String(place.ZoneID),
		ChangeBatch:  &types.ChangeBatch{Changes: changes},
	})
	if err != nil {
		return "", fmt.Errorf("change the weights of %s: %w", place.PublicName, err)
	}
	return bare(aws.ToString(out.ChangeInfo.Id)), nil
}

// weighted is a colour's record with its weight: what it leads to stays as it is.
func weighted(place traffic.Place, color naming.Color, side Side, split traffic.Split) *types.ResourceRecordSet {
	entrance := place.Of(color)
	endpoint, zone := side.Endpoint, side.EndpointZone
	if !side.Exists {
		endpoint, zone = entrance.Endpoint, entrance.EndpointZone
	}
	return &types.ResourceRecordSet{
		Name: aws.String(place.PublicName), Type: types.RRTypeA, SetIdentifier: aws.String(string(color)),
		Weight: aws.Int64(int64(split.Weight(color))), HealthCheckId: aws.String(side.HealthCheck),
		AliasTarget: &types.AliasTarget{DNSName: aws.String(endpoint), HostedZoneId: aws.String(zone), EvaluateTargetHealth: side.Evaluate},
	}
}

// InSync tells whether all of Route 53's servers answer a change. One that Route 53
// no longer knows was over long ago.
func (r *Route53) InSync(ctx context.Context, changeID string) (bool, error) {
	out, err := r.client.GetChange(ctx, &route53.GetChangeInput{Id: aws.String(changeID)})
	var forgotten *types.NoSuchChange
	if errors.As(err, &forgotten) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("ask for change %s: %w", changeID, err)
	}
	return out.ChangeInfo.Status == types.ChangeStatusInsync, nil
}

func sameName(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "."), strings.TrimSuffix(b, "."))
}

// bare takes "/hostedzone/" or "/change/" away from an id.
func bare(id string) string { return id[strings.LastIndex(id, "/")+1:] }
