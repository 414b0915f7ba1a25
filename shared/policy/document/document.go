// Package document reads the policy documents that programs register, whatever
// spelling they use: a single string and a list of one are the same (IAM user
// guide, "Grammar of the IAM JSON policy language"). It evaluates nothing.
package document

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/cutover/cutover/shared/policy/graph"
)

// Kind tells what a document decides about.
type Kind string

// The kinds of documents.
const (
	Identity Kind = "identity" // a managed policy, attached to roles or set as their boundary
	Trust    Kind = "trust"    // who may assume a role
	Resource Kind = "resource" // who may use a resource, or a way to it
)

// Place is an input that holds a policy document.
type Place struct {
	Type string // type token
	Path string
	Kind Kind
	// Target is the input that names what the policy belongs to; empty when that
	// is the resource itself.
	Target string
}

// Places lists every input of the layers' resources that holds a policy document.
func Places() []Place {
	return []Place{
		{"aws:iam/policy:Policy", "policy", Identity, ""},
		{"aws:iam/role:Role", "assumeRolePolicy", Trust, ""},
		{"aws:kms/key:Key", "policy", Resource, ""},
		{"aws:kms/keyPolicy:KeyPolicy", "policy", Resource, "keyId"},
		{"aws:s3/bucketPolicy:BucketPolicy", "policy", Resource, "bucket"},
		{"aws:s3/accessPoint:AccessPoint", "policy", Resource, ""},
		{"aws:sqs/queuePolicy:QueuePolicy", "policy", Resource, "queueUrl"},
		{"aws:sns/topicPolicy:TopicPolicy", "policy", Resource, "arn"},
		{"aws:secretsmanager/secretPolicy:SecretPolicy", "policy", Resource, "secretArn"},
		{"aws:dynamodb/resourcePolicy:ResourcePolicy", "policy", Resource, "resourceArn"},
		{"aws:backup/vaultPolicy:VaultPolicy", "policy", Resource, "backupVaultName"},
		{"aws:ecr/repositoryPolicy:RepositoryPolicy", "policy", Resource, "repository"},
		{"aws:ec2/vpcEndpoint:VpcEndpoint", "policy", Resource, ""},
		{"aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy", "policy", Resource, "vpcEndpointId"},
		{"aws:cloudwatch/logResourcePolicy:LogResourcePolicy", "policyDocument", Resource, ""},
		{"aws:cloudwatch/eventBusPolicy:EventBusPolicy", "policy", Resource, "eventBusName"},
	}
}

// Policy is one document with the place it stands in.
type Policy struct {
	Holder *graph.Resource
	Place  Place
	Document
}

// Target is the resource that a resource policy belongs to: that named by the
// place's target, or the holder itself. Nil when it is not in the graph. Of
// resources with the same name it is that of the policy's own service.
func (p Policy) Target() *graph.Resource {
	if p.Place.Target == "" {
		return p.Holder
	}
	service, _, _ := strings.Cut(p.Place.Type, "/")
	for _, found := range p.Holder.References(p.Place.Target) {
		if strings.HasPrefix(found.Type, service+"/") {
			return found
		}
	}
	return nil
}

// All reads all documents of a graph. A holder of one of the places without a
// known document is an error, but for an access point, a table or an endpoint,
// which may have none; the error names it.
func All(g *graph.Graph) ([]Policy, []error) {
	var policies []Policy
	var problems []error
	for _, place := range Places() {
		for _, holder := range g.OfType(place.Type) {
			if _, set := holder.Get(place.Path); !set && place.optional() {
				continue
			}
			read, err := Read(holder, place.Path)
			if err != nil {
				problems = append(problems, err)
				continue
			}
			policies = append(policies, Policy{Holder: holder, Place: place, Document: read})
		}
	}
	return policies, problems
}

// optional tells of which holders AWS makes a document by itself.
func (p Place) optional() bool {
	return slices.Contains([]string{"aws:s3/accessPoint:AccessPoint", "aws:ec2/vpcEndpoint:VpcEndpoint"}, p.Type)
}

// Document is a policy document.
type Document struct {
	Version    string
	Statements []Statement
}

// Statement is one statement of a policy. Lists are empty where the document
// has no such element.
type Statement struct {
	Sid          string
	Deny         bool
	Principals   Principals
	NotPrincipal Principals
	Actions      []string
	NotActions   []string
	Resources    []string
	NotResources []string
	Conditions   Conditions
}

// Principals are the principals of a statement by kind: AWS, Service,
// Federated, CanonicalUser. Anyone written as a bare "*" stands under AWS.
type Principals map[string][]string

// Anyone tells whether a "*" is among them.
func (p Principals) Anyone() bool {
	for _, names := range p {
		if slices.Contains(names, "*") {
			return true
		}
	}
	return false
}

// Conditions are operator, key, values.
type Conditions map[string]map[string][]string

// Values returns the values under a key, whatever the case of its letters, for
// the operators; none means all. Found is false when no such condition stands.
func (c Conditions) Values(key string, operators ...string) (values []string, found bool) {
	for _, operator := range slices.Sorted(maps.Keys(c)) {
		if len(operators) > 0 && !slices.Contains(operators, operator) {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(c[operator])) {
			if strings.EqualFold(name, key) {
				values, found = append(values, c[operator][name]...), true
			}
		}
	}
	return values, found
}

// Has tells whether there is a condition on one of the keys.
func (c Conditions) Has(keys ...string) bool {
	return slices.ContainsFunc(keys, func(key string) bool {
		_, found := c.Values(key)
		return found
	})
}

// known holds documents that were read before, by their text: every row about
// policies reads the same ones.
var known sync.Map

// Read reads the document at path of a resource. It is not to be changed.
func Read(r *graph.Resource, path string) (Document, error) {
	text := r.Text(path)
	if read, found := known.Load(text); found {
		return read.(Document), nil // nothing else is stored
	}
	read, err := parse(r, path)
	if err == nil {
		known.Store(text, read)
	}
	return read, err
}

func parse(r *graph.Resource, path string) (Document, error) {
	var raw struct {
		Version   string
		Statement oneOrMore[rawStatement]
	}
	if err := r.JSON(path, &raw); err != nil {
		return Document{}, err
	}
	if len(raw.Statement) == 0 {
		return Document{}, fmt.Errorf("%s: %s: has no statement", r, path)
	}
	read := Document{Version: raw.Version}
	for i, each := range raw.Statement {
		if each.Effect != "Allow" && each.Effect != "Deny" {
			return Document{}, fmt.Errorf("%s: %s: statement %d has the effect %q, expected Allow or Deny", r, path, i, each.Effect)
		}
		read.Statements = append(read.Statements, each.statement())
	}
	return read, nil
}

type rawStatement struct {
	Sid, Effect             string
	Principal, NotPrincipal rawPrincipals
	Action, NotAction       oneOrMore[string]
	Resource, NotResource   oneOrMore[string]
	Condition               map[string]map[string]oneOrMore[scalar]
}

func (s rawStatement) statement() Statement {
	conditions := make(Conditions, len(s.Condition))
	for operator, keys := range s.Condition {
		conditions[operator] = make(map[string][]string, len(keys))
		for key, values := range keys {
			for _, value := range values {
				conditions[operator][key] = append(conditions[operator][key], string(value))
			}
		}
	}
	return Statement{
		Sid: s.Sid, Deny: s.Effect == "Deny", Principals: Principals(s.Principal), NotPrincipal: Principals(s.NotPrincipal),
		Actions: s.Action, NotActions: s.NotAction, Resources: s.Resource, NotResources: s.NotResource, Conditions: conditions,
	}
}

// oneOrMore is a value or a list of such.
type oneOrMore[T any] []T

// UnmarshalJSON reads either.
func (o *oneOrMore[T]) UnmarshalJSON(text []byte) error {
	var many []T
	if err := json.Unmarshal(text, &many); err == nil {
		*o = many
		return nil
	}
	var one T
	if err := json.Unmarshal(text, &one); err != nil {
		return err
	}
	*o = []T{one}
	return nil
}

// scalar is a text, a number or a bool of a condition, as text.
type scalar string

// UnmarshalJSON reads any of them.
func (s *scalar) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		text = string(raw)
	}
	*s = scalar(text)
	return nil
}

type rawPrincipals Principals

// UnmarshalJSON reads "*" or an object.
func (p *rawPrincipals) UnmarshalJSON(text []byte) error {
	var anyone string
	if err := json.Unmarshal(text, &anyone); err == nil {
		*p = rawPrincipals{"AWS": {anyone}}
		return nil
	}
	var kinds map[string]oneOrMore[string]
	if err := json.Unmarshal(text, &kinds); err != nil {
		return err
	}
	*p = make(rawPrincipals, len(kinds))
	for kind, names := range kinds {
		(*p)[kind] = names
	}
	return nil
}
