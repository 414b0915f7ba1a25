// Package access says what the roles of a recorded environment can do: it
// gathers the identity policies, boundaries, trust policies and resource
// policies that the programs register and evaluates calls against them.
//
// A policy that AWS keeps changes without us. It counts as one that allows
// everything, so that a role with it can do what its boundary lets it; but for
// those that speak of one service by their very purpose.
package access

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/policy/document"
	"github.com/cutover/cutover/shared/policy/evaluate"
	"github.com/cutover/cutover/shared/policy/graph"
)

const (
	roleType       = "aws:iam/role:Role"
	policyType     = "aws:iam/policy:Policy"
	attachmentType = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	keptByAWS      = "arn:aws:iam::aws:policy/"
)

// World is who may do what in one environment.
type World struct {
	environment graph.Environment
	roles       map[string]*role
	// resources are the policies of resources, by ARN.
	resources map[string]evaluate.Policy
}

// role is one role by its name.
type role struct {
	arn      string
	identity []evaluate.Policy
	boundary *evaluate.Policy
}

// New gathers the documents of a graph. It returns all that it cannot read
// together, and attachments and boundaries that lead nowhere.
func New(g *graph.Graph) (*World, error) {
	w := &World{environment: g.Environment, roles: make(map[string]*role), resources: make(map[string]evaluate.Policy)}
	documents, problems := document.All(g)
	identities := make(map[string]evaluate.Policy)
	for _, each := range documents {
		switch each.Place.Kind {
		case document.Identity:
			identities[each.Holder.Output("arn")] = evaluate.Policy{Name: each.Holder.Text("name"), Document: each.Document}
		case document.Trust:
			w.resources[each.Holder.Output("arn")] = evaluate.Policy{Name: "trust of " + each.Holder.Text("name"), Document: each.Document}
		case document.Resource:
			target := each.Target()
			if target == nil || target.Output("arn") == "" {
				problems = append(problems, fmt.Errorf("%s: the resource that the policy belongs to is not registered, or has no ARN", each.Holder))
				continue
			}
			w.resources[target.Output("arn")] = evaluate.Policy{Name: "policy of " + target.Name, Document: each.Document}
		}
	}
	problems = append(problems, w.addRoles(g, identities)...)
	problems = append(problems, w.attach(g, identities)...)
	return w, errors.Join(problems...)
}

func (w *World) addRoles(g *graph.Graph, identities map[string]evaluate.Policy) []error {
	var problems []error
	for _, each := range g.OfType(roleType) {
		made := &role{arn: each.Output("arn")}
		w.roles[each.Text("name")] = made
		boundary := each.Text("permissionsBoundary")
		if boundary == "" {
			continue
		}
		policy, known := identities[boundary]
		if !known && !strings.HasPrefix(boundary, keptByAWS) {
			problems = append(problems, fmt.Errorf("%s: boundary %s is not registered", each, boundary))
			continue
		}
		if !known {
			policy = kept(boundary)
		}
		made.boundary = &policy
	}
	return problems
}

func (w *World) attach(g *graph.Graph, identities map[string]evaluate.Policy) []error {
	var problems []error
	for _, each := range g.OfType(attachmentType) {
		to, known := w.roles[each.Text("role")]
		if !known {
			problems = append(problems, fmt.Errorf("%s: role %q is not registered", each, each.Text("role")))
			continue
		}
		arn := each.Text("policyArn")
		policy, known := identities[arn]
		if !known && !strings.HasPrefix(arn, keptByAWS) {
			problems = append(problems, fmt.Errorf("%s: policy %q is not registered", each, arn))
			continue
		}
		if !known {
			policy = kept(arn)
		}
		to.identity = append(to.identity, policy)
	}
	return problems
}

// ofOneService are policies of AWS's that allow calls of one service only (AWS
// managed policy reference guide).
var ofOneService = map[string]string{keptByAWS + "AWSSupportAccess": "support:*"}

// kept stands for a policy that AWS keeps.
func kept(arn string) evaluate.Policy {
	if actions, one := ofOneService[arn]; one {
		return allowing(arn, actions)
	}
	return allowing(arn, "*")
}

func allowing(name, actions string) evaluate.Policy {
	return evaluate.Policy{Name: name, Document: document.Document{
		Version: "2012-10-17", Statements: []document.Statement{{Sid: "KeptByAWS", Actions: []string{actions}, Resources: []string{"*"}}},
	}}
}

// Roles lists the names of the roles, sorted.
func (w *World) Roles() []string { return slices.Sorted(maps.Keys(w.roles)) }

// Governed lists the ARNs of the resources with a policy of their own, roles
// among them, sorted.
func (w *World) Governed() []string { return slices.Sorted(maps.Keys(w.resources)) }

// Caller is who calls: one of the environment's roles by name, a service, or a
// principal of whom only the ARN is known, which its own account allows
// everything.
type Caller struct {
	Role, Service, Stranger string
}

// administrator is what the ARN of the administrator's role ends in.
const administrator = "role/Administrator"

// Administrator is a role of the environment's account that no program made and
// that is allowed everything.
var Administrator = Caller{Stranger: administrator}

// String names the caller.
func (c Caller) String() string { return c.Role + c.Service + c.Stranger }

// Call is one call.
type Call struct {
	Caller Caller
	Action string
	// On is the ARN of the resource, "*" for actions without a resource level.
	On string
	// Account owns the resource; empty is the environment's account.
	Account string
	// With are condition keys; those of a sound request (TLS 1.3) are added where
	// it names none. An empty list takes a key away.
	With map[string][]string
}

// Decide evaluates a call. A role that does not exist is an error.
func (w *World) Decide(call Call) (evaluate.Decision, error) {
	request := evaluate.Request{Action: call.Action, Resource: call.On, Account: call.Account, Context: map[string][]string{
		"aws:SecureTransport": {"true"}, "s3:TlsVersion": {"1.3"}, "aws:RequestedRegion": {w.environment.Region},
	}}
	if request.Account == "" {
		request.Account = w.environment.AccountID
	}
	maps.Copy(request.Context, call.With)
	policies := evaluate.Policies{Resource: w.resourcePolicy(call.On)}
	switch {
	case call.Caller.Service != "":
		request.Principal.Service = call.Caller.Service
	case call.Caller.Stranger != "":
		request.Principal.ARN = call.Caller.Stranger
		if call.Caller == Administrator {
			request.Principal.ARN = "arn:aws:iam::" + w.environment.AccountID + ":" + administrator
		}
		policies.Identity = []evaluate.Policy{allowing("the policies of "+call.Caller.Stranger, "*")}
	default:
		caller, known := w.roles[call.Caller.Role]
		if !known {
			return evaluate.Decision{}, fmt.Errorf("role %q is not registered: registered are %s", call.Caller.Role, strings.Join(w.Roles(), ", "))
		}
		request.Principal.ARN = caller.arn
		request.Principal.SessionARN = "arn:aws:sts::" + w.environment.AccountID + ":assumed-role/" + call.Caller.Role + "/session"
		policies.Identity, policies.Boundary = caller.identity, caller.boundary
	}
	return evaluate.Decide(request, policies)
}

// resourcePolicy is the policy of the resource, or of the bucket that holds the
// object.
func (w *World) resourcePolicy(arn string) *evaluate.Policy {
	if policy, found := w.resources[arn]; found {
		return &policy
	}
	if bucket, _, inside := strings.Cut(arn, "/"); inside && strings.HasPrefix(arn, "arn:aws:s3:::") {
		if policy, found := w.resources[bucket]; found {
			return &policy
		}
	}
	return nil
}
