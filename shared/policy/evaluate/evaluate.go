// Package evaluate answers whether a request is allowed, from the policy
// documents alone, as AWS describes its own evaluation (IAM user guide, "Policy
// evaluation logic"): explicit refusals, identity policies, the permission
// boundary and the session's policy, resource policies within one account and
// across two, and the services whose resource policy decides alone (KMS keys,
// the trust of roles).
//
// It calls nothing and knows no organisation: service and resource control
// policies and KMS grants are not evaluated. What it does not understand, an
// operator, a principal, a variable that the request lacks, is an error and
// never an answer.
package evaluate

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cutover/cutover/shared/policy/document"
)

// Policy is a document with a name to tell it by.
type Policy struct {
	Name string
	document.Document
}

// Policies are all documents that a request meets.
type Policies struct {
	// Identity are the policies attached to the calling role. For a caller of
	// another account they are what that account allows it.
	Identity []Policy
	// Boundary and Session narrow the identity policies; nil where there is none.
	Boundary, Session *Policy
	// Resource is the policy of the resource: of a bucket, a key, or the trust of a
	// role. Nil where there is none.
	Resource *Policy
	// Endpoint is the policy of the VPC endpoint that the request passes, nil for
	// one that passes none.
	Endpoint *Policy
}

// Principal is who calls.
type Principal struct {
	// ARN is that of a role, a user or an account's root; empty for a service.
	ARN string
	// SessionARN is that of the role's session, where a policy names one.
	SessionARN string
	// Service is a service's own principal ("s3.amazonaws.com"), empty for others.
	Service string
}

// Account is the account of the principal, empty for a service.
func (p Principal) Account() string {
	parts := strings.SplitN(p.ARN, ":", arnParts)
	if len(parts) < arnParts {
		return ""
	}
	return parts[4]
}

// Request is one call.
type Request struct {
	Principal Principal
	// Action is service and operation, for example "s3:PutObject".
	Action string
	// Resource is the ARN that the call is authorised against, "*" for actions
	// without a resource level.
	Resource string
	// Account owns the resource.
	Account string
	// Context are the condition keys of the request, in any case of letters. Those
	// that follow from the fields above are added.
	Context map[string][]string
}

// Decision is the answer to a request.
type Decision struct {
	Allowed bool
	// Explicit tells that a statement refuses; otherwise none, or not enough,
	// allows.
	Explicit bool
	// By names the policies and statements that decided.
	By string
}

// String is the decision in words.
func (d Decision) String() string {
	switch {
	case d.Allowed:
		return "allowed by " + d.By
	case d.Explicit:
		return "refused by " + d.By
	}
	return "not allowed: " + d.By
}

// Decide evaluates a request.
func Decide(request Request, policies Policies) (Decision, error) {
	if err := policies.check(); err != nil {
		return Decision{}, fmt.Errorf("evaluate %s on %s: %w", request.Action, request.Resource, err)
	}
	e := &evaluation{request: request, context: newContext(request)}
	refused, err := e.refusal(policies)
	if err != nil {
		return Decision{}, fmt.Errorf("evaluate %s on %s: %w", request.Action, request.Resource, err)
	}
	if refused != "" {
		return Decision{Explicit: true, By: refused}, nil
	}
	decision, err := e.allowance(policies)
	if err != nil {
		return Decision{}, fmt.Errorf("evaluate %s on %s: %w", request.Action, request.Resource, err)
	}
	return decision, nil
}

// check refuses documents that stand in the wrong place or speak another version
// of the language, which has no variables.
func (p Policies) check() error {
	var problems []error
	add := func(policy Policy, principals bool) {
		if policy.Version != version {
			problems = append(problems, fmt.Errorf("%s: version %q, expected %s", policy.Name, policy.Version, version))
		}
		for i, s := range policy.Statements {
			if has := len(s.Principals)+len(s.NotPrincipal) > 0; has != principals {
				problems = append(problems, fmt.Errorf("%s: has principals: %t, expected %t", nameOf(policy, i), has, principals))
			}
		}
	}
	for _, each := range p.Identity {
		add(each, false)
	}
	for _, each := range []*Policy{p.Boundary, p.Session} {
		if each != nil {
			add(*each, false)
		}
	}
	for _, each := range []*Policy{p.Resource, p.Endpoint} {
		if each != nil {
			add(*each, true)
		}
	}
	return errors.Join(problems...)
}

const version = "2012-10-17"

// evaluation is the work on one request.
type evaluation struct {
	request Request
	context requestContext
}

// refusal names the first statement that refuses; one is enough, wherever it
// stands.
func (e *evaluation) refusal(p Policies) (string, error) {
	all := append([]Policy(nil), p.Identity...)
	for _, each := range []*Policy{p.Boundary, p.Session, p.Endpoint, p.Resource} {
		if each != nil {
			all = append(all, *each)
		}
	}
	var problems []error
	for _, policy := range all {
		by, err := e.find(policy, func(s document.Statement) bool { return s.Deny })
		if err != nil {
			problems = append(problems, err)
		}
		if by != "" {
			return by, errors.Join(problems...)
		}
	}
	return "", errors.Join(problems...)
}

// allowance follows the flow chart behind the refusals.
func (e *evaluation) allowance(p Policies) (Decision, error) {
	if p.Endpoint != nil {
		by, err := e.find(*p.Endpoint, allows)
		if err != nil || by == "" {
			return Decision{By: "the endpoint's policy allows no such request"}, err
		}
	}
	granted, err := e.resourceGrant(p.Resource)
	if err != nil {
		return Decision{}, err
	}
	if e.request.Principal.Service != "" {
		return Decision{Allowed: granted.grade >= direct, By: granted.by}, nil
	}
	own, err := e.identityGrant(p)
	if err != nil {
		return Decision{}, err
	}
	if e.request.Principal.Account() != e.request.Account {
		return e.acrossAccounts(granted, own), nil
	}
	return e.withinAccount(granted, own), nil
}

// grade is how far a resource policy goes for a principal.
type grade int

const (
	nothing   grade = iota
	delegated       // names the account: its own policies have to allow it, too
	direct          // names the role: boundary and session policy still narrow it
	session         // names the session, or everybody: nothing narrows it
)

type grant struct {
	grade grade
	by    string
}

// resourceGrant is what the resource's policy allows, at its best.
func (e *evaluation) resourceGrant(policy *Policy) (grant, error) {
	best := grant{by: "no policy of the resource allows it"}
	if policy == nil {
		return best, nil
	}
	for i, statement := range policy.Statements {
		if statement.Deny {
			continue
		}
		applies, err := e.applies(statement)
		if err != nil {
			return best, fmt.Errorf("%s: %w", nameOf(*policy, i), err)
		}
		if !applies {
			continue
		}
		reached, err := e.principal(statement)
		if err != nil {
			return best, fmt.Errorf("%s: %w", nameOf(*policy, i), err)
		}
		if reached > best.grade {
			best = grant{grade: reached, by: nameOf(*policy, i)}
		}
	}
	return best, nil
}

// own is what the caller's side allows.
type own struct {
	identity           string // names the statement, empty when none allows
	boundary, sessions bool   // neither in the way
	problem            string // what is missing
}

// whole tells whether the caller's side allows the request by itself.
func (o own) whole() bool { return o.identity != "" && o.boundary && o.sessions }

func (e *evaluation) identityGrant(p Policies) (own, error) {
	result := own{problem: "no identity policy allows it"}
	var err error
	for _, policy := range p.Identity {
		if result.identity, err = e.find(policy, allows); err != nil {
			return result, err
		}
		if result.identity != "" {
			result.problem = ""
			break
		}
	}
	if result.boundary, err = e.within(p.Boundary); err != nil {
		return result, err
	}
	if result.sessions, err = e.within(p.Session); err != nil {
		return result, err
	}
	switch {
	case result.problem != "":
	case !result.boundary:
		result.problem = result.identity + " allows it, the permission boundary does not"
	case !result.sessions:
		result.problem = result.identity + " allows it, the session's policy does not"
	}
	return result, nil
}

// within tells whether a narrowing policy lets the request pass.
func (e *evaluation) within(policy *Policy) (bool, error) {
	if policy == nil {
		return true, nil
	}
	by, err := e.find(*policy, allows)
	return by != "", err
}

// withinAccount: either side is enough, unless the resource's policy decides
// alone, and then it may leave the decision to the identity policies.
func (e *evaluation) withinAccount(granted grant, own own) Decision {
	switch {
	case granted.grade == session:
		return Decision{Allowed: true, By: granted.by}
	case granted.grade == direct && own.boundary && own.sessions:
		return Decision{Allowed: true, By: granted.by}
	case e.resourceDecides() && granted.grade == nothing:
		return Decision{By: granted.by}
	case own.whole():
		return Decision{Allowed: true, By: own.identity}
	}
	return Decision{By: own.problem}
}

// acrossAccounts: both sides have to allow it.
func (e *evaluation) acrossAccounts(granted grant, own own) Decision {
	switch {
	case granted.grade == nothing:
		return Decision{By: granted.by}
	case !own.whole():
		return Decision{By: own.problem}
	}
	return Decision{Allowed: true, By: own.identity + " and " + granted.by}
}

// resourceDecides tells of the resources that identity policies alone never open:
// keys (AWS KMS developer guide, "Key policies in AWS KMS") and roles to assume
// (IAM user guide, "How IAM roles differ from resource-based policies").
func (e *evaluation) resourceDecides() bool {
	service, operation, _ := strings.Cut(strings.ToLower(e.request.Action), ":")
	return service == "kms" && strings.Contains(e.request.Resource, ":key/") ||
		service == "sts" && strings.HasPrefix(operation, "assumerole")
}

func allows(s document.Statement) bool { return !s.Deny }

// find names the first wanted statement of a policy that matches the request and,
// where it has principals, the caller.
func (e *evaluation) find(policy Policy, wanted func(document.Statement) bool) (string, error) {
	for i, statement := range policy.Statements {
		if !wanted(statement) {
			continue
		}
		applies, err := e.applies(statement)
		if err != nil {
			return "", fmt.Errorf("%s: %w", nameOf(policy, i), err)
		}
		if !applies {
			continue
		}
		reached, err := e.principal(statement)
		if err != nil {
			return "", fmt.Errorf("%s: %w", nameOf(policy, i), err)
		}
		if reached != nothing {
			return nameOf(policy, i), nil
		}
	}
	return "", nil
}

// applies tells whether action, resource and conditions match.
func (e *evaluation) applies(s document.Statement) (bool, error) {
	if !e.action(s) {
		return false, nil
	}
	matches, err := e.resource(s)
	if err != nil || !matches {
		return false, err
	}
	return e.context.satisfies(s.Conditions)
}

func nameOf(p Policy, i int) string {
	if sid := p.Statements[i].Sid; sid != "" {
		return p.Name + ", " + sid
	}
	return fmt.Sprintf("%s, statement %d", p.Name, i)
}
