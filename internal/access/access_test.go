// Package access_test proves what every role of the platform can do and what it
// cannot: the policies that the seven programs register are evaluated against a
// table of exact audiences. It has no code of its own to import.
package access_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/internal/policy"
	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/policy/access"
	"github.com/cutover/cutover/shared/policy/graph"
)

const (
	root = "../.."

	roleType     = "aws:iam/role:Role"
	policyType   = "aws:iam/policy:Policy"
	keyType      = "aws:kms/key:Key"
	bucketType   = "aws:s3/bucketV2:BucketV2"
	tableType    = "aws:dynamodb/table:Table"
	queueType    = "aws:sqs/queue:Queue"
	topicType    = "aws:sns/topic:Topic"
	logGroupType = "aws:cloudwatch/logGroup:LogGroup"
	secretType   = "aws:secretsmanager/secret:Secret"
)

// scene is one recorded environment with what the rules need to name things.
type scene struct {
	t        *testing.T
	g        *graph.Graph
	services []string
}

func newScene(t *testing.T, environment string) scene {
	t.Helper()
	g, err := policy.Record(root, environment)
	require.NoError(t, err)
	services, err := catalog.Load()
	require.NoError(t, err)
	return scene{t: t, g: g, services: services.Names()}
}

func (s scene) account() string { return s.g.Environment.AccountID }

// arn is the ARN of a registered resource.
func (s scene) arn(token, name string) string {
	s.t.Helper()
	found := s.g.Find(token, name)
	require.NotNilf(s.t, found, "%s %q is not registered", token, name)
	require.NotEmpty(s.t, found.Output("arn"))
	return found.Output("arn")
}

// arns are those of all resources of a type whose logical name has the beginning.
func (s scene) arns(token, beginning string) []string {
	var arns []string
	for _, each := range s.g.OfType(token) {
		if strings.HasPrefix(each.Name, beginning) {
			arns = append(arns, each.Output("arn"))
		}
	}
	return arns
}

// regional is the ARN of something that no program registers.
func (s scene) regional(service, resource string) string {
	return "arn:aws:" + service + ":us-east-1:" + s.account() + ":" + resource
}

// role is a role of the environment; without a colour, of both.
func (s scene) role(color naming.Color, purpose string) access.Caller {
	names := naming.New(s.g.Environment.Name)
	if color != "" {
		names = names.In(color)
	}
	return access.Caller{Role: names.Name(naming.Role, purpose)}
}

// tasks are the task roles of one colour.
func (s scene) tasks(color naming.Color) []access.Caller {
	var callers []access.Caller
	for _, service := range s.services {
		callers = append(callers, s.role(color, service+"-task"))
	}
	return callers
}

func (s scene) executions(color naming.Color) []access.Caller {
	var callers []access.Caller
	for _, service := range s.services {
		callers = append(callers, s.role(color, service+"-execution"))
	}
	return callers
}

func service(name string) access.Caller { return access.Caller{Service: name + ".amazonaws.com"} }

// with merges condition keys.
func with(keys ...map[string][]string) map[string][]string {
	merged := make(map[string][]string)
	for _, each := range keys {
		for key, values := range each {
			merged[key] = values
		}
	}
	return merged
}

func one(key string, values ...string) map[string][]string { return map[string][]string{key: values} }

// rules is the whole table.
func (s scene) rules() []access.Rule {
	return slices.Concat(
		s.keyRules(), s.dataRules(), s.objectRules(), s.secretRules(), s.messageRules(),
		s.trustRules(), s.peopleRules(), s.escalationRules(), s.deployRules(), s.verifyRules(), s.functionRules(),
	)
}

func (s scene) violations() []string {
	s.t.Helper()
	world, err := access.New(s.g)
	require.NoError(s.t, err)
	found, err := world.Check(s.rules())
	require.NoError(s.t, err)
	var texts []string
	for _, each := range found {
		texts = append(texts, each.String())
	}
	return texts
}

// calls counts what the rules try.
func (s scene) calls(world *access.World) int {
	count := 0
	for _, rule := range s.rules() {
		callers := len(rule.Callers)
		if rule.Callers == nil {
			callers = len(world.Everybody())
		}
		count += callers * len(rule.Actions) * len(rule.On)
	}
	return count
}

func TestEveryRoleCanDoWhatItMustAndNothingElse(t *testing.T) {
	for _, environment := range []string{"staging", "prod"} {
		t.Run(environment, func(t *testing.T) {
			s := newScene(t, environment)
			world, err := access.New(s.g)
			require.NoError(t, err)
			for _, text := range s.violations() {
				assert.Fail(t, text)
			}
			t.Logf("%d rules, %d calls, %d roles, %d resources with policies",
				len(s.rules()), s.calls(world), len(world.Roles()), len(world.Governed()))
		})
	}
}
