// Package edge is the layer of balancers and names: for each colour a public
// load balancer that ends TLS, routes by path and checks the health of every
// service, the firewall before both, and the DNS names that split the traffic
// between the colours by weight. It runs before the layer of services, which hangs its tasks into the
// target groups made here; it holds no compute and no data.
package edge

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/traffic"
)

// declare declares the layer, with the weights of split unless that is nil.
func declare(ctx *pulumi.Context, split *traffic.Split) error {
	return component.Program(ctx, func(ctx *pulumi.Context, cfg Config, opts ...pulumi.ResourceOption) (contract.EdgeOutputs, error) {
		cfg, err := cfg.apply(split)
		if err != nil {
			return contract.EdgeOutputs{}, err
		}
		return build(ctx, cfg, opts...)
	})
}

// upstream is what other layers promise.
type upstream struct {
	services catalog.Catalog
	networks map[naming.Color]contract.Network
	// logsKeyARN encrypts the logs of what both colours share.
	logsKeyARN pulumi.StringOutput
	// zoneKeyARN signs the zone.
	zoneKeyARN pulumi.StringOutput
	accessLogs pulumi.StringOutput
	// operatorRole is the name of the role of those who move traffic.
	operatorRole pulumi.StringOutput
}

func readUpstream(ctx *pulumi.Context) (upstream, error) {
	services, err := catalog.Load()
	if err != nil {
		return upstream{}, err
	}
	foundation, err := contract.Import[contract.FoundationOutputs](ctx)
	if err != nil {
		return upstream{}, err
	}
	security, err := contract.Import[contract.SecurityOutputs](ctx)
	if err != nil {
		return upstream{}, err
	}
	return upstream{
		services:   services,
		networks:   map[naming.Color]contract.Network{naming.Blue: foundation.Blue, naming.Green: foundation.Green},
		logsKeyARN: security.Blue.LogsKeyARN, zoneKeyARN: security.ZoneKeyARN,
		accessLogs: security.AccessLogsBucket, operatorRole: security.OperatorRoleName,
	}, nil
}

// build makes what both colours share, then the colours and what watches them.
func build(ctx *pulumi.Context, cfg Config, opts ...pulumi.ResourceOption) (contract.EdgeOutputs, error) {
	var none contract.EdgeOutputs
	from, err := readUpstream(ctx)
	if err != nil {
		return none, err
	}
	shared, err := buildShared(ctx, cfg, from, opts...)
	if err != nil {
		return none, err
	}
	outputs := contract.EdgeOutputs{
		PublicName:     pulumi.String(cfg.PublicName).ToStringOutput(),
		ZoneID:         shared.zone.ID,
		ReadyColors:    pulumi.ToStringArray(cfg.readyColors()).ToStringArrayOutput(),
		CertificateARN: shared.certificate.ARN,
		NameServers:    shared.zone.NameServers,
		DSRecord:       shared.zone.DSRecord,
		Firewall:       shared.firewall.outputs(),
	}
	rules := &RulesArgs{Names: naming.New(ctx.Stack()), WebACLARN: shared.firewall.ARN}
	for _, color := range naming.Colors() {
		into := map[naming.Color]*contract.Balancer{naming.Blue: &outputs.Blue, naming.Green: &outputs.Green}[color]
		balancer, err := buildColor(ctx, cfg, from, color, shared, into, opts...)
		if err != nil {
			return none, err
		}
		rules.LogBuckets = append(rules.LogBuckets, balancer.logs.Name)
	}
	if _, err := NewRules(ctx, "rules", rules, opts...); err != nil {
		return none, err
	}
	return outputs, permitOperator(ctx, operatorArgs{
		names:      naming.New(ctx.Stack()),
		publicName: cfg.PublicName,
		zoneID:     shared.zone.ID,
		healthCheckIDs: map[naming.Color]pulumi.StringInput{
			naming.Blue: outputs.Blue.HealthCheckID, naming.Green: outputs.Green.HealthCheckID,
		},
		role: from.operatorRole,
	}, opts...)
}

// shared is what both colours stand on.
type shared struct {
	zone        *Zone
	certificate *Certificate
	firewall    *Firewall
}

// buildShared makes what both colours stand on.
func buildShared(ctx *pulumi.Context, cfg Config, from upstream, opts ...pulumi.ResourceOption) (shared, error) {
	var none shared
	wanted := &ZoneArgs{
		Names:       naming.New(ctx.Stack()),
		Environment: cfg.Environment,
		Domain:      cfg.Domain,
		ExistingID:  cfg.ZoneID,
		LogsKeyARN:  from.logsKeyARN,
	}
	if cfg.Signed {
		wanted.SigningKeyARN = from.zoneKeyARN
	}
	zone, err := NewZone(ctx, "zone", wanted, opts...)
	if err != nil {
		return none, err
	}
	certificate, err := NewCertificate(ctx, "certificate", &CertificateArgs{
		Names:       naming.New(ctx.Stack()),
		ZoneID:      zone.ID,
		Name:        cfg.PublicName,
		Aliases:     []string{cfg.colorName(naming.Blue), cfg.colorName(naming.Green)},
		ExistingARN: cfg.CertificateARN,
	}, opts...)
	if err != nil {
		return none, err
	}
	firewall, err := NewFirewall(ctx, "firewall", &FirewallArgs{
		Names:      naming.New(ctx.Stack()),
		AccountID:  cfg.Environment.AccountID,
		Config:     cfg.Firewall,
		Services:   from.services,
		LogsKeyARN: from.logsKeyARN,
	}, opts...)
	if err != nil {
		return none, err
	}
	return shared{zone: zone, certificate: certificate, firewall: firewall}, nil
}

// buildColor makes one colour's balancer and names, and writes what the contract
// promises of them.
func buildColor(ctx *pulumi.Context, cfg Config, from upstream, color naming.Color, on shared, into *contract.Balancer, opts ...pulumi.ResourceOption) (*Balancer, error) {
	names := naming.New(ctx.Stack()).In(color)
	balancer, err := NewBalancer(ctx, string(color), &BalancerArgs{
		Names:            names,
		Environment:      cfg.Environment,
		Services:         from.services,
		Network:          from.networks[color],
		CertificateARN:   on.certificate.ARN,
		AccessLogsBucket: from.accessLogs,
		WebACLARN:        on.firewall.ARN,
		ZonalShift:       cfg.ZonalShift,
		ResponseHeaders:  cfg.ResponseHeaders,
	}, opts...)
	if err != nil {
		return nil, err
	}
	entrance, err := NewEntrance(ctx, string(color), &EntranceArgs{
		Names:      names,
		Color:      color,
		ZoneID:     on.zone.ID,
		PublicName: cfg.PublicName,
		ColorName:  cfg.colorName(color),
		Traffic:    cfg.Traffic(color),
		Services:   from.services,
		Balancer:   balancer,
	}, opts...)
	if err != nil {
		return nil, err
	}
	*into = balancer.outputs()
	into.Name = pulumi.String(cfg.colorName(color)).ToStringOutput()
	into.HealthCheckID, into.PaymentsHealthCheckID = entrance.AdmissionID, entrance.PaymentsID
	return balancer, nil
}
