package registry_test

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/internal/policy"
	"github.com/cutover/cutover/internal/registry"
	"github.com/cutover/cutover/projects/migration/remote"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/policy/access"
	"github.com/cutover/cutover/shared/policy/document"
	"github.com/cutover/cutover/shared/policy/graph"
)

// publicName is that of the environment.
const publicName = "pay.staging.cutover.example"

// environment is the one in which these tests give their commands.
const environment = "staging"

// Every command of this package's tests is judged by the policies of the operators'
// role, whatever the test is about.
func init() {
	registry.Judge = func(t *testing.T, asked []registry.Asked) {
		t.Helper()
		for _, refused := range newJudge(t, recorded(t)).refused(asked) {
			assert.Fail(t, refused)
		}
	}
}

var record = sync.OnceValues(func() (*graph.Graph, error) { return policy.Record("../..", environment) })

func recorded(t *testing.T) *graph.Graph {
	t.Helper()
	g, err := record()
	require.NoError(t, err)
	return g
}

// judge decides calls by the documents that the layers register.
type judge struct {
	t     *testing.T
	g     *graph.Graph
	world *access.World
}

func newJudge(t *testing.T, g *graph.Graph) judge {
	t.Helper()
	world, err := access.New(g)
	require.NoError(t, err)
	return judge{t, g, world}
}

var operator = access.Caller{Role: naming.New(environment).Name(naming.Role, "operator")}

// refused lists the calls that the operators' role may not make.
func (j judge) refused(asked []registry.Asked) []string {
	j.t.Helper()
	var refused []string
	for _, each := range asked {
		for _, call := range j.calls(each) {
			decision, err := j.world.Decide(call)
			require.NoError(j.t, err)
			if !decision.Allowed {
				refused = append(refused, fmt.Sprintf("%s asks %s on %s: %s", call.Caller, call.Action, call.On, decision))
			}
		}
	}
	return refused
}

// Each command ends as it should, and may make every call on the way there: the judge
// above would have failed it.
func TestOperatorsMayCallWhatTheirCommandsCall(t *testing.T) {
	for _, each := range registry.Commands() {
		t.Run(each.Name, func(t *testing.T) { assert.NotEmpty(t, each.Run(t)) })
	}
}

// A command that nobody has added to the list would be judged by nobody.
func TestEveryCommandIsAmongThoseJudged(t *testing.T) {
	listed := map[string]bool{}
	for _, each := range registry.Commands() {
		name := runtime.FuncForPC(reflect.ValueOf(each.Target).Pointer()).Name()
		listed[name[strings.LastIndex(name, ".")+1:]] = true
	}
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		text, err := os.ReadFile(file.Name())
		require.NoError(t, err)
		for _, found := range regexp.MustCompile(`(?m)^func (Migrate\w+)\(`).FindAllStringSubmatch(string(text), -1) {
			assert.Truef(t, listed[found[1]], "%s in %s: add it to Commands", found[1], file.Name())
		}
	}
}

// rewritten is a policy with another text in the place of one.
func rewritten(name, from, to string) []graph.Change {
	return []graph.Change{graph.Rewrite("aws:iam/policy:Policy", name, "policy", from, to)}
}

// Each right that is taken away stops a command, and the judge says which call.
func TestARightThatIsMissingIsFound(t *testing.T) {
	asked := map[string][]registry.Asked{}
	for _, each := range registry.Commands() {
		asked[each.Name] = each.Run(t)
	}
	for name, c := range map[string]struct {
		change  []graph.Change
		command string
		says    string
	}{
		"to call what switches": {
			rewritten("green-operator", "function:cutover-staging-green-switch", "function:none"),
			"cutover, only asked", "lambda:InvokeFunction on arn:aws:lambda:us-east-1:210987654321:function:cutover-staging-green-switch",
		},
		"to see how a comparison does":    {rewritten("operator-control-table", "verify#", "none#"), "verify", "dynamodb:GetItem"},
		"to read proofs, in the boundary": {rewritten("outsiders-people-boundary", "cutover-staging-proofs", "none"), "cutover", "s3:GetObject"},
		"to know where the name leads":    {rewritten("outsiders-operator", "cutover/staging/edge/", "none/"), "cutover", "s3:GetObject"},
		"to the public part, in the policies": {
			append(rewritten("green-operator", "kms:GetPublicKey", "kms:DescribeKey"), rewritten("blue-operator", "kms:GetPublicKey", "kms:DescribeKey")...),
			"cutover", "kms:GetPublicKey",
		},
		"to the public part, in the key's policy": {
			[]graph.Change{graph.Rewrite("aws:kms/key:Key", "shared-proof-signatures", "policy", "kms:GetPublicKey", "kms:ListAliases")},
			"cutover", "kms:GetPublicKey",
		},
		"to the key of histories, in its policy": {
			[]graph.Change{graph.Rewrite("aws:kms/key:Key", "shared-records", "policy", "cutover-staging-operator", "nobody")}, "verify", "kms:Decrypt",
		},
		"to write what was decided": {rewritten("operator-control-table", `"traffic"`, `"none"`), "traffic:shift", "dynamodb:PutItem"},
		"to keep a copy of it":      {rewritten("outsiders-operator", "s3:PutObject", "s3:GetObjectAcl"), "traffic:hold", "s3:PutObject"},
		"to see the releases":       {rewritten("outsiders-operator", "s3:ListBucket", "s3:ListAllMyBuckets"), "rollback:list", "s3:ListBucket"},
		"to move the public name":   {rewritten("operator-traffic", publicName, "none"), "rollback:edge", "route53:ChangeResourceRecordSets"},
		"to shut a colour":          {rewritten("operator-traffic", "route53:UpdateHealthCheck", "route53:GetHealthCheck"), "rollback:edge", "route53:UpdateHealthCheck"},
		"to confirm":                {rewritten("operator-control-table", "closing#", "none#"), "finalise, confirmed", "dynamodb:PutItem"},
	} {
		t.Run(name, func(t *testing.T) {
			without, err := recorded(t).With(c.change...)
			require.NoError(t, err)
			refused := newJudge(t, without).refused(asked[c.command])
			require.NotEmpty(t, refused)
			assert.Contains(t, strings.Join(refused, "\n"), c.says)
		})
	}
}

// byHand are rights that no command uses, by statement, action and end of the
// resource: what a person does, and where it is written.
var byHand = map[string]string{
	`^Logs logs:FilterLogEvents `:       `reads a function's log after it has failed (operations.md, "In AWS")`,
	`^FailedLoads s3:GetObject `:        `reads why a load is stuck (operations.md, "A load that is stuck")`,
	`^Executions states:\w+ .*/\*$`:     "looks at executions of maps, whose ARNs have a slash, and stops them with their machine",
	`^Executions states:.* .*backfill:`: `looks at the history of a load that is stuck, and stops one`,
	`^Executions states:StopExecution `: "stops a pass or a load that is in the way; the switch's is stopped by migrate:cancel",
}

// Every right that the layers of the migration, the control table and the public name
// give operators is used by a command, action by action and resource by resource; either
// colour's counts for both.
func TestOperatorsGetNothingThatNoCommandUses(t *testing.T) {
	j := newJudge(t, recorded(t))
	var made []access.Call
	for _, each := range registry.Commands() {
		for _, asked := range each.Run(t) {
			made = append(made, j.calls(asked)...)
		}
	}
	either := strings.NewReplacer("-blue-", "-green-").Replace
	used := func(action, resource string) bool {
		pattern := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(either(resource)), `\*`, ".*") + "$")
		return slices.ContainsFunc(made, func(c access.Call) bool { return c.Action == action && pattern.MatchString(either(c.On)) })
	}
	needed := map[string]bool{}
	for _, s := range slices.Concat(statementsOf(t, j.g, "green-operator"), statementsOf(t, j.g, "operator-control-table"), statementsOf(t, j.g, "operator-traffic")) {
		for _, action := range s.Actions {
			for _, resource := range s.Resources {
				right := s.Sid + " " + action + " " + resource
				hand := ""
				for pattern := range byHand {
					if regexp.MustCompile(pattern).MatchString(right) {
						hand, needed[pattern] = pattern, true
					}
				}
				assert.Truef(t, used(action, resource) || hand != "", "no command uses %s, and no list says who else", right)
			}
		}
	}
	assert.Len(t, needed, len(byHand), "a right of this list is granted no more")
}

func statementsOf(t *testing.T, g *graph.Graph, name string) []document.Statement {
	t.Helper()
	documents, problems := document.All(g)
	require.Empty(t, problems)
	at := slices.IndexFunc(documents, func(d document.Policy) bool { return d.Holder.Name == name })
	require.GreaterOrEqual(t, at, 0, name)
	return documents[at].Statements
}

// Commands know the layers by name: the names are those that the layers give.
func TestCommandsKnowTheLayersByTheirNames(t *testing.T) {
	g := recorded(t)
	named, outputs := remote.Named(environment, g.Environment.AccountID), g.Exports(contract.Migration)
	for _, color := range naming.Colors() {
		functions, _ := outputs[string(color)+"SyncFunctionNames"].(map[string]any)
		for short, name := range named.Functions[color] {
			assert.Equal(t, functions[short], name)
		}
		machines, _ := outputs[string(color)+"SyncStateMachineArns"].(map[string]any)
		assert.Len(t, machines, len(named.Machines[color]))
		for short, arn := range named.Machines[color] {
			assert.Equal(t, machines[short], arn)
		}
	}
	assert.Equal(t, outputs["proofsBucket"], named.ProofsBucket)
	assert.Equal(t, outputs["proofSigningKeyArn"], newJudge(t, g).behind(named.SigningKey))
}
