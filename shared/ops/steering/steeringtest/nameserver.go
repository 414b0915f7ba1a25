package steeringtest

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// Nameserver answers the weighted records of one name as the API of Route 53 has
// them, the way that Route 53's own servers do. It serves what it read last:
// Refresh is the propagation of a change.
type Nameserver struct {
	Client *route53.Client
	ZoneID string
	Name   string
	// Probe tells whether an endpoint answers its health check: what the checkers of
	// Route 53 do from outside.
	Probe func(ctx context.Context, check *types.HealthCheckConfig) bool

	mutex     sync.Mutex
	records   []Record
	endpoints map[string]string // by set identifier
}

// Refresh reads the records, and for each whether its health check passes.
func (n *Nameserver) Refresh(ctx context.Context) error {
	out, err := n.Client.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{
		HostedZoneId: aws.String(n.ZoneID), StartRecordName: aws.String(n.Name), StartRecordType: types.RRTypeA,
	})
	if err != nil {
		return fmt.Errorf("read the records of %s: %w", n.Name, err)
	}
	var records []Record
	endpoints := map[string]string{}
	for _, set := range out.ResourceRecordSets {
		if strings.TrimSuffix(aws.ToString(set.Name), ".") != n.Name || set.Weight == nil || set.AliasTarget == nil {
			continue
		}
		healthy, err := n.healthy(ctx, aws.ToString(set.HealthCheckId))
		if err != nil {
			return err
		}
		id := aws.ToString(set.SetIdentifier)
		records = append(records, Record{SetIdentifier: id, Weight: int(*set.Weight), Healthy: healthy})
		endpoints[id] = strings.TrimSuffix(aws.ToString(set.AliasTarget.DNSName), ".")
	}
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.records, n.endpoints = records, endpoints
	return nil
}

// healthy judges a check as Route 53 does: a disabled one passes whatever it
// measures, a calculated one when enough of its children do, and an inverted one
// when it would not (Route 53 API reference, HealthCheckConfig). A record without
// a check is healthy.
func (n *Nameserver) healthy(ctx context.Context, id string) (bool, error) {
	if id == "" {
		return true, nil
	}
	out, err := n.Client.GetHealthCheck(ctx, &route53.GetHealthCheckInput{HealthCheckId: aws.String(id)})
	if err != nil {
		return false, fmt.Errorf("read health check %s: %w", id, err)
	}
	check := out.HealthCheck.HealthCheckConfig
	passes := aws.ToBool(check.Disabled)
	if !passes && check.Type == types.HealthCheckTypeCalculated {
		passing := 0
		for _, child := range check.ChildHealthChecks {
			healthy, err := n.healthy(ctx, child)
			if err != nil {
				return false, err
			}
			if healthy {
				passing++
			}
		}
		passes = passing >= int(aws.ToInt32(check.HealthThreshold))
	} else if !passes {
		passes = n.Probe(ctx, check)
	}
	return passes != aws.ToBool(check.Inverted), nil
}

// Answer chooses a record; ok is false while there is none. random returns a number
// from 0 to below n.
func (n *Nameserver) Answer(random func(n int) int) (record, endpoint string, ok bool) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	record, ok = Answer(n.records, random)
	return record, n.endpoints[record], ok
}
