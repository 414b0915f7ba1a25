package security

import (
	"errors"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
)

// ControlArgs is what each of the account's controls is made with.
type ControlArgs struct {
	Names       naming.Namer
	Environment config.Environment
	BoundaryARN pulumi.StringInput
	Evidence    *Evidence
}

// Validate joins all that is wrong with the arguments.
func (a *ControlArgs) Validate() error {
	problems := []error{checkAccount(a.Environment.AccountID, a.BoundaryARN)}
	if a.Evidence == nil {
		problems = append(problems, errors.New("evidence: is missing, expected key, buckets and topic"))
	}
	return errors.Join(problems...)
}

// buildControls makes what watches the account: flow logs and the rules of the
// table of controls in any case, the singletons where this layer owns them.
func buildControls(ctx *pulumi.Context, cfg Config, parts *parts, opts ...pulumi.ResourceOption) (watched, error) {
	watch := watched{trailGroup: pulumi.String("").ToStringOutput(), archiveStream: pulumi.String("").ToStringOutput()}
	args := &ControlArgs{
		Names: parts.names, Environment: cfg.Environment, BoundaryARN: parts.shared.BoundaryARN, Evidence: parts.evidence,
	}
	if _, err := NewFlowLogs(ctx, "flow-logs", parts.flowLogs(args), opts...); err != nil {
		return watched{}, err
	}
	rules := parts.rules(cfg)
	if cfg.AccountBaseline == Manage {
		recorder, err := buildBaseline(ctx, cfg, args, &watch, opts...)
		if err != nil {
			return watched{}, err
		}
		rules.Recording = recorder.running
	}
	_, err := NewConformanceRules(ctx, "conformance", rules, opts...)
	return watch, err
}

// watched is what others look at of the account's controls; empty where they are
// the organisation's.
type watched struct{ trailGroup, archiveStream pulumi.StringOutput }

// buildBaseline makes the singletons of account and region.
func buildBaseline(ctx *pulumi.Context, cfg Config, args *ControlArgs, watch *watched, opts ...pulumi.ResourceOption) (*Recorder, error) {
	trail, err := NewTrail(ctx, "trail", args, opts...)
	if err != nil {
		return nil, err
	}
	archive, err := NewLogArchive(ctx, "archive", args, opts...)
	if err != nil {
		return nil, err
	}
	watch.trailGroup, watch.archiveStream = trail.group.Name, archive.streamName
	recorder, err := NewRecorder(ctx, "recorder", args, cfg.Evidence.Days, opts...)
	if err != nil {
		return nil, err
	}
	if _, err := NewDetection(ctx, "detection", args, recorder.running, opts...); err != nil {
		return nil, err
	}
	_, err = NewAccountSettings(ctx, "account", args, cfg.SecurityContact, opts...)
	return recorder, err
}

// parts are what the controls look at and write to.
type parts struct {
	names      naming.Namer
	foundation contract.FoundationOutputs
	evidence   *Evidence
	shared     *Shared
	principals map[naming.Color]*Principals
}

func (p *parts) flowLogs(args *ControlArgs) *FlowLogsArgs {
	blue, green := p.principals[naming.Blue], p.principals[naming.Green]
	return &FlowLogsArgs{
		Names:            p.names,
		AccountID:        args.Environment.AccountID,
		BoundaryARN:      args.BoundaryARN,
		VpcIDs:           map[naming.Color]pulumi.StringInput{naming.Blue: p.foundation.Blue.VpcID, naming.Green: p.foundation.Green.VpcID},
		LogKeyARNs:       map[naming.Color]pulumi.StringInput{naming.Blue: blue.KeyARNs[Logs], naming.Green: green.KeyARNs[Logs]},
		TransitGatewayID: p.foundation.TransitGatewayID,
		SharedKeyARN:     p.evidence.KeyARN,
	}
}

// rules are the Config rules with the values of this account. Lists hold both
// colours: a rule exists once in an account.
func (p *parts) rules(cfg Config) *ConformanceArgs {
	blue, green := p.principals[naming.Blue].KeyARNs, p.principals[naming.Green].KeyARNs
	networks := p.foundation
	return &ConformanceArgs{
		Names: p.names, Form: cfg.Conformance, Baseline: cfg.AccountBaseline == Manage, LockMode: cfg.Evidence.LockMode,
		Inputs: pulumi.StringMap{
			"AccessLogsBucket":    p.evidence.AccessLogs.Name,
			"BucketKeyArns":       list(blue[Documents], green[Documents], p.evidence.KeyARN),
			"EdgeVpcIds":          list(networks.Blue.VpcID, networks.Green.VpcID),
			"ImageKeyArns":        list(p.shared.KeyARNs[Images]),
			"PublicRouteTableIds": list(networks.Blue.PublicRouteTableID, networks.Green.PublicRouteTableID),
			"SecretKeyArns":       list(blue[Secrets], green[Secrets]),
			"TableKeyArns":        list(blue[Sessions], green[Sessions], p.shared.KeyARNs[Control]),
			"WorkloadVpcIds":      list(networks.Blue.VpcID, networks.Green.VpcID),
		},
	}
}
