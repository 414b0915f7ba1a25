package ops

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/fault"
)

// preciousTypes are types whose loss cannot be undone, or takes the platform off
// the net: data, keys and load balancers. A prefix of the type decides.
var preciousTypes = []struct{ prefix, kind string }{
	{"aws:rds/", "data"},
	{"aws:dynamodb/table:", "data"},
	{"aws:s3/bucket:", "data"},
	{"aws:s3/bucketV2:", "data"},
	{"aws:secretsmanager/secret:", "key"},
	{"aws:kms/key:", "key"},
	{"aws:kms/replicaKey:", "key"},
	{"aws:lb/loadBalancer:", "load balancer"},
	{"aws:alb/loadBalancer:", "load balancer"},
}

// preciousKind tells what a replacement or deletion would cost; "" for changes
// that can be repeated.
func preciousKind(c engine.Change) string {
	if c.Op != "replace" && c.Op != "delete" {
		return ""
	}
	for _, t := range preciousTypes {
		if strings.HasPrefix(c.Type, t.prefix) {
			return t.kind
		}
	}
	if c.Protect {
		return "protected"
	}
	return ""
}

// confirm shows the whole plan and asks once for all of it. The local
// environment holds nothing that a deployment could not make again, and is not
// asked about.
func (r *run) confirm(ctx context.Context) error {
	if r.env.Local && !r.set.DryRun {
		return r.act.guard(ctx, r, nil)
	}
	if err := r.needReason(); err != nil {
		return err
	}
	remaining, err := r.graph.Subset(r.remaining())
	if err != nil {
		return err
	}
	list, err := r.ahead(ctx, remaining, func(ctx context.Context, request engine.Request) (engine.Result, error) {
		return r.act.look(ctx, r, request)
	})
	if err != nil {
		return err
	}
	r.con.Block(r.header(plan(r.graph)) + tellPlanned(list))
	if r.set.DryRun {
		return nil
	}
	if err := r.act.guard(ctx, r, list); err != nil {
		return err
	}
	return r.askOnce(ctx)
}

func (r *run) remaining() []string {
	return slices.DeleteFunc(r.graph.Order(), func(name string) bool { return slices.Contains(r.done, name) })
}

// needReason asks for a reason where what is done cannot be undone.
func (r *run) needReason() error {
	if r.env.Guarded && r.act.reversed && r.set.Reason == "" {
		return fault.New(fault.Usage, "%s in %s needs a reason: it goes into the audit trail", r.target, r.env.Name).
			WithHint("%s -reason='…'", r.set.Command(r.target))
	}
	return nil
}

func (r *run) askOnce(ctx context.Context) error {
	if r.set.Yes {
		return nil
	}
	question := fmt.Sprintf("%s %s in %s, account %s?", r.act.verb, strings.Join(r.remaining(), ", "), r.env.Name, r.env.AccountID)
	if !r.app.ports.Terminal {
		agreed := r.set
		agreed.Yes = true
		return fault.New(fault.Usage, "nobody is there to confirm: %s", question).WithHint("%s", agreed.Command(r.target))
	}
	return r.ask.Confirm(ctx, question)
}

// guardPrecious asks for the name of everything precious that would be replaced
// or deleted, also when -yes was given.
func guardPrecious(ctx context.Context, r *run, list []planned) error {
	for _, p := range list {
		for _, c := range p.List {
			if kind := preciousKind(c); kind != "" {
				what := fmt.Sprintf("[%s] %s %s %s (%s)%s", p.Layer, c.Op, kind, c.Name, c.Type, because(c))
				if err := r.typeName(ctx, what, c.Name); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (r *run) typeName(ctx context.Context, what, name string) error {
	if !r.app.ports.Terminal {
		return fault.New(fault.Usage, "%s: this needs a person who types the name %s at a terminal", what, name).
			WithHint("%s, at a terminal", r.set.Command(r.target))
	}
	return r.ask.TypeName(ctx, what, name)
}
