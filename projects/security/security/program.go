// Package security is the layer of keys, roles and account-wide controls: the
// encryption keys of each colour, the permission boundaries, the roles that tasks,
// functions and schedules take, and those that the pipeline, auditors and
// operators of other accounts take; and what records and watches the account:
// trail, flow logs, log archive, Config rules, detection. A workload's role starts
// without permissions; the layer that owns a resource attaches the policy for it.
// The package grants no access to data.
package security

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
)

// Program declares the layer.
func Program(ctx *pulumi.Context) error { return component.Program(ctx, build) }

// build makes what both colours share, where evidence is kept, each colour's
// keys and roles, and then what watches the account.
func build(ctx *pulumi.Context, cfg Config, opts ...pulumi.ResourceOption) (contract.SecurityOutputs, error) {
	var none contract.SecurityOutputs
	services, err := catalog.Load()
	if err != nil {
		return none, err
	}
	foundation, err := contract.Import[contract.FoundationOutputs](ctx)
	if err != nil {
		return none, err
	}
	names := naming.New(ctx.Stack())
	shared, err := NewShared(ctx, "shared", &SharedArgs{Names: names, Environment: cfg.Environment, Services: services.Names()}, opts...)
	if err != nil {
		return none, err
	}
	evidence, err := NewEvidence(ctx, "evidence", &EvidenceArgs{
		Names: names, Environment: cfg.Environment, BoundaryARN: shared.BoundaryARN, Keep: cfg.Evidence,
	}, opts...)
	if err != nil {
		return none, err
	}
	principals := make(map[naming.Color]*Principals)
	for _, color := range naming.Colors() {
		principals[color], err = NewPrincipals(ctx, string(color), &PrincipalsArgs{
			Color:       color,
			Names:       names,
			Environment: cfg.Environment,
			Services:    services.Names(),
			BoundaryARN: shared.BoundaryARN,
		}, opts...)
		if err != nil {
			return none, err
		}
	}
	outsiders, err := NewOutsiders(ctx, "outsiders", &OutsidersArgs{Names: names, Config: cfg, KeyARNs: keyARNs(shared, principals)}, opts...)
	if err != nil {
		return none, err
	}
	watch, err := buildControls(ctx, cfg, &parts{
		names: names, foundation: foundation, evidence: evidence, shared: shared, principals: principals,
	}, opts...)
	if err != nil {
		return none, err
	}
	return contract.SecurityOutputs{
		Blue:              principals[naming.Blue].outputs(),
		Green:             principals[naming.Green].outputs(),
		BoundaryPolicyARN: shared.BoundaryARN,
		ImagesKeyARN:      shared.KeyARNs[Images],
		ControlKeyARN:     shared.KeyARNs[Control],
		RecordsKeyARN:     shared.KeyARNs[Records],
		SigningKeyARN:     shared.KeyARNs[Signatures],
		HashKeyARN:        shared.KeyARNs[Hashes],
		ZoneKeyARN:        shared.ZoneKeyARN,
		AuditKeyARN:       evidence.KeyARN,
		AccessLogsBucket:  evidence.AccessLogs.Name,
		ArchiveBucket:     evidence.Archive.Name,
		EventsTopicARN:    evidence.EventsTopicARN,
		EventsKeyARN:      evidence.EventsKeyARN,
		ReportsRoleARN:    evidence.ReportsRole.Arn,
		ReportsRoleName:   evidence.ReportsRole.Name,
		TrailLogGroupName: watch.trailGroup,
		ArchiveStreamName: watch.archiveStream,
		DeployRoleARN:     outsiders.Deploy.Arn,
		AuditRoleARN:      outsiders.Audit.Arn,
		OperatorRoleARN:   outsiders.Operator.Arn,
		OperatorRoleName:  outsiders.Operator.Name,
		OperatorRoleID:    outsiders.Operator.UniqueId,
	}, nil
}

// keyARNs are the keys that the deploy role may use, by colour and purpose.
func keyARNs(shared *Shared, principals map[naming.Color]*Principals) pulumi.StringMap {
	arns := pulumi.StringMap{}
	add := func(owner string, keys map[Purpose]pulumi.StringOutput) {
		for purpose, arn := range keys {
			if slices.Contains(uses[purpose].outside, deploy) {
				arns[owner+"-"+string(purpose)] = arn
			}
		}
	}
	add("shared", shared.KeyARNs)
	for color, p := range principals {
		add(string(color), p.KeyARNs)
	}
	return arns
}
