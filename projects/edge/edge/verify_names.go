package edge

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/verify"
)

// checkZone expects the zone of the names and, where it is ours, the log of its
// queries.
func (v *verifier) checkZone(ctx context.Context) error {
	f := verify.About("zone %s", v.cfg.Domain)
	id := aws.String(v.Text("zoneId"))
	zone, err := v.dns.GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: id})
	if err != nil {
		return f.Failed(err)
	}
	f.Equal("name", dotless(zone.HostedZone.Name), v.cfg.Domain)
	f.Expect(zone.HostedZone.Config == nil || !zone.HostedZone.Config.PrivateZone, "is private, expected a public one")
	f.Include(v.checkSignatures(ctx, id))
	if v.cfg.ZoneID != nil {
		return f.Err()
	}
	logs, err := v.dns.ListQueryLoggingConfigs(ctx, &route53.ListQueryLoggingConfigsInput{HostedZoneId: id})
	if err != nil {
		return f.Failed(err)
	}
	f.Expect(len(logs.QueryLoggingConfigs) == 1, "logs its queries to %d groups, expected one", len(logs.QueryLoggingConfigs))
	return f.Err()
}

// dotless is a name without the dot that ends it in some answers of Route 53.
func dotless(name *string) string {
	return strings.TrimSuffix(strings.ToLower(aws.ToString(name)), ".")
}

// records are those of one name and type A, in the order of their set identifiers.
func (v *verifier) records(ctx context.Context, name string) ([]types.ResourceRecordSet, error) {
	answer, err := v.dns.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{
		HostedZoneId: aws.String(v.Text("zoneId")), StartRecordName: aws.String(name), StartRecordType: types.RRTypeA,
	})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(answer.ResourceRecordSets, func(r types.ResourceRecordSet) bool {
		return dotless(r.Name) != name || r.Type != types.RRTypeA
	}), nil
}

// weight is the colour's weight as Route 53 has it, 0 where it has no record.
func (c *colorVerifier) weight(ctx context.Context) (int64, error) {
	records, err := c.records(ctx, c.cfg.PublicName)
	for _, record := range records {
		if aws.ToString(record.SetIdentifier) == string(c.color) {
			return aws.ToInt64(record.Weight), err
		}
	}
	return 0, err
}

// checkPublicName expects a weighted record for each colour that is ready, none
// for the other, and a weight somewhere.
func (v *verifier) checkPublicName(ctx context.Context) error {
	f := verify.About("name %s", v.cfg.PublicName)
	records, err := v.records(ctx, v.cfg.PublicName)
	if err != nil {
		return f.Failed(err)
	}
	var sum int64
	seen := make(map[naming.Color]bool)
	for _, record := range records {
		color := naming.Color(aws.ToString(record.SetIdentifier))
		if !slices.Contains(naming.Colors(), color) {
			f.Expect(false, "has a record %q of weight %d, expected those of the colours alone", color, aws.ToInt64(record.Weight))
			continue
		}
		seen[color] = true
		sum += aws.ToInt64(record.Weight)
		f.Include(v.in(color).judgeRecord(record))
	}
	for _, color := range naming.Colors() {
		ready := v.cfg.Traffic(color).Ready
		f.Expect(seen[color] || !ready, "has no record for %s, expected one while %s.ready is true", color, color)
		f.Expect(!seen[color] || ready, "has a record for %s, expected none while %s.ready is false", color, color)
	}
	f.Expect(sum > 0, "has no weight above 0: Route 53 would answer with any record")
	return f.Err()
}

// judgeRecord compares a weighted record with what the layer makes.
func (c *colorVerifier) judgeRecord(record types.ResourceRecordSet) error {
	f := verify.About("record %s of %s", c.color, c.cfg.PublicName)
	f.Expect(record.Weight != nil && *record.Weight >= 0 && *record.Weight <= maxWeight, "weight is %v, expected 0 to %d", aws.ToInt64(record.Weight), maxWeight)
	f.Equal("health check", aws.ToString(record.HealthCheckId), c.text("healthCheckId"))
	c.judgeAlias(f, record)
	return f.Err()
}

// judgeAlias expects an alias to the colour's balancer, whatever its targets.
func (c *colorVerifier) judgeAlias(f *verify.Findings, record types.ResourceRecordSet) {
	if record.AliasTarget == nil {
		f.Expect(false, "is no alias, expected one to the balancer")
		return
	}
	f.Equal("target", strings.TrimPrefix(dotless(record.AliasTarget.DNSName), "dualstack."), strings.ToLower(c.text("albEndpoint")))
	f.Expect(!record.AliasTarget.EvaluateTargetHealth, "evaluates the health of all target groups, expected the payment paths alone")
}

// checkColorName expects the name that always reaches the colour.
func (c *colorVerifier) checkColorName(ctx context.Context) error {
	f := verify.About("name %s", c.cfg.colorName(c.color))
	records, err := c.records(ctx, c.cfg.colorName(c.color))
	if err != nil {
		return f.Failed(err)
	}
	f.Expect(len(records) == 1, "has %d records, expected one", len(records))
	for _, record := range records {
		f.Expect(record.SetIdentifier == nil, "is one of several answers, expected the only one")
		c.judgeAlias(f, record)
	}
	return f.Err()
}

// checkHealthChecks expects admission to be closed exactly while the colour has
// no share, and all checks to look at what they should.
func (c *colorVerifier) checkHealthChecks(ctx context.Context) error {
	weight, err := c.weight(ctx)
	if err != nil {
		return err
	}
	admission, err := c.checkSum(ctx, admissionCheck, c.text("healthCheckId"), weight == 0)
	measured, measuredErr := c.checkSum(ctx, paymentsCheck, c.text("paymentsHealthCheckId"), false)
	problems := []error{err, measuredErr}
	f := verify.About("health check %s of %s", admissionCheck, c.color)
	f.Expect(sameSet(admission, measured), "sums up %v, expected %v", admission, measured)
	problems = append(problems, f.Err())
	paid := payments(c.services)
	f = verify.About("health checks of %s", c.color)
	f.Equal("number of probes", len(measured), len(paid))
	problems = append(problems, f.Err())
	for i := range min(len(measured), len(paid)) {
		problems = append(problems, c.checkProbe(ctx, measured[i], paid))
	}
	return errors.Join(problems...)
}

// checkSum looks at one of both checks over the probes and returns those.
func (c *colorVerifier) checkSum(ctx context.Context, what, id string, closed bool) ([]string, error) {
	f := verify.About("health check %s of %s", what, c.color)
	found, err := c.dns.GetHealthCheck(ctx, &route53.GetHealthCheckInput{HealthCheckId: aws.String(id)})
	if err != nil {
		return nil, f.Failed(err)
	}
	check := found.HealthCheck.HealthCheckConfig
	f.Equal("type", check.Type, types.HealthCheckTypeCalculated)
	f.Equal("number of probes that have to be healthy", int(aws.ToInt32(check.HealthThreshold)), len(check.ChildHealthChecks))
	isClosed := aws.ToBool(check.Disabled) && aws.ToBool(check.Inverted)
	isOpen := !aws.ToBool(check.Disabled) && !aws.ToBool(check.Inverted)
	f.Expect(!closed || isClosed, "is open (disabled %t, inverted %t), expected it closed while the colour has no share", aws.ToBool(check.Disabled), aws.ToBool(check.Inverted))
	f.Expect(closed || isOpen, "is closed (disabled %t, inverted %t), expected it to follow the payment paths", aws.ToBool(check.Disabled), aws.ToBool(check.Inverted))
	return check.ChildHealthChecks, f.Err()
}

// checkProbe expects a probe of one of the payment paths under the colour's name.
func (c *colorVerifier) checkProbe(ctx context.Context, id string, paid []catalog.Service) error {
	f := verify.About("probe %s of %s", id, c.color)
	found, err := c.dns.GetHealthCheck(ctx, &route53.GetHealthCheckInput{HealthCheckId: aws.String(id)})
	if err != nil {
		return f.Failed(err)
	}
	check := found.HealthCheck.HealthCheckConfig
	f.Equal("type", check.Type, types.HealthCheckTypeHttps)
	f.Equal("name", aws.ToString(check.FullyQualifiedDomainName), c.cfg.colorName(c.color))
	f.Equal("port", aws.ToInt32(check.Port), int32(https))
	f.Equal("server name indication", aws.ToBool(check.EnableSNI), true)
	f.Expect(!aws.ToBool(check.Disabled) && !aws.ToBool(check.Inverted), "is disabled or inverted, expected neither")
	known := slices.ContainsFunc(paid, func(s catalog.Service) bool { return s.Health == aws.ToString(check.ResourcePath) })
	f.Expect(known, "asks for %s, expected the health path of a service with payments", aws.ToString(check.ResourcePath))
	return f.Err()
}
