package registry_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path"
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

// calls are what AWS authorises of a request: the call itself, and what the service
// asks of the key in the caller's name (Service authorization reference, and each
// service's guide on encryption).
func (j judge) calls(a registry.Asked) []access.Call {
	j.t.Helper()
	call := func(action, on string, with map[string][]string) access.Call {
		all := map[string][]string{"aws:userid": {a.Caller}}
		maps.Copy(all, with)
		return access.Call{Caller: operator, Action: action, On: on, With: all}
	}
	with := func(service, purpose string, actions ...string) []access.Call {
		var calls []access.Call
		for _, action := range actions {
			calls = append(calls, call("kms:"+action, j.key(purpose), map[string][]string{
				"kms:ViaService": {service + ".us-east-1.amazonaws.com"}, "kms:CallerAccount": {j.g.Environment.AccountID},
			}))
		}
		return calls
	}
	switch a.Service {
	case "dynamodb":
		return append(j.items(a, call), with(a.Service, "shared-control", "Decrypt")...)
	case "states":
		keys := []string{"Decrypt"}
		if a.Operation == "StartExecution" {
			keys = append(keys, "GenerateDataKey")
		}
		return append(with(a.Service, "shared-records", keys...), call("states:"+a.Operation, j.machine(a), nil))
	case "lambda":
		name := regexp.MustCompile(`/functions/([^/]+)/invocations$`).FindStringSubmatch(a.Path)
		require.Lenf(j.t, name, 2, "lambda %s %s", a.Method, a.Path)
		return []access.Call{call("lambda:InvokeFunction", j.regional("lambda", "function:"+name[1]), nil)}
	case "s3":
		return j.object(a, call, with)
	case "kms":
		return []access.Call{call("kms:"+a.Operation, j.behind(j.field(a, "KeyId")), map[string][]string{"kms:CallerAccount": {j.g.Environment.AccountID}})}
	case "monitoring", "elasticloadbalancing":
		return []access.Call{j.watched(a, call)}
	case "sts":
		return []access.Call{call("sts:"+a.Operation, "*", nil)}
	case "route53":
		return []access.Call{j.name(a, call)}
	}
	require.Failf(j.t, "nobody wrote what this takes", "service %q, %s %s %s", a.Service, a.Operation, a.Method, a.Path)
	return nil
}

type caller func(action, on string, with map[string][]string) access.Call

// watched is a call of the services that know no resource. What is measured is told
// apart by its namespace.
func (j judge) watched(a registry.Asked, call caller) access.Call {
	if a.Service != "monitoring" {
		return call(a.Service+":"+a.Operation, "*", nil)
	}
	form, err := url.ParseQuery(string(a.Body))
	require.NoError(j.t, err)
	if namespace := form.Get("Namespace"); namespace != "" {
		return call("cloudwatch:"+a.Operation, "*", map[string][]string{"cloudwatch:namespace": {namespace}})
	}
	return call("cloudwatch:"+a.Operation, "*", nil)
}

// items names the item of the control table, which the policies tell apart.
func (j judge) items(a registry.Asked, call caller) []access.Call {
	type named struct {
		TableName string
		Key, Item map[string]struct{ S string }
	}
	var in struct {
		named
		TransactItems []struct{ Put *named }
	}
	require.NoError(j.t, json.Unmarshal(a.Body, &in))
	action, all := "dynamodb:"+a.Operation, []named{in.named}
	if a.Operation == "TransactWriteItems" { // each part takes the right to its own action
		action, all = "dynamodb:PutItem", nil
		for _, part := range in.TransactItems {
			require.NotNil(j.t, part.Put, "a part that is no put")
			all = append(all, *part.Put)
		}
	}
	var calls []access.Call
	for _, each := range all {
		item := each.Key["item"].S + each.Item["item"].S
		require.NotEmptyf(j.t, item, "dynamodb %s: %s", a.Operation, a.Body)
		calls = append(calls, call(action, j.regional("dynamodb", "table/"+each.TableName), map[string][]string{"dynamodb:LeadingKeys": {item}}))
	}
	return calls
}

// machine is the machine or the execution that a request is about.
func (j judge) machine(a registry.Asked) string {
	if a.Operation == "StartExecution" || a.Operation == "ListExecutions" {
		return j.field(a, "stateMachineArn")
	}
	return j.field(a, "executionArn")
}

// object is a call about an object, by path, or a list.
func (j judge) object(a registry.Asked, call caller, with func(service, purpose string, actions ...string) []access.Call) []access.Call {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(a.Path, "/"), "/")
	if a.Query.Get("list-type") == "2" {
		return []access.Call{call("s3:ListBucket", "arn:aws:s3:::"+bucket, map[string][]string{"s3:prefix": {a.Query.Get("prefix")}})}
	}
	action := map[string]string{"GET": "s3:GetObject", "PUT": "s3:PutObject"}[a.Method]
	require.NotEmptyf(j.t, action, "s3 %s %s", a.Method, a.Path)
	require.NotEmpty(j.t, key)
	calls := []access.Call{call(action, "arn:aws:s3:::"+bucket+"/"+key, nil)}
	if strings.HasPrefix(bucket, "cutover-state-") {
		return calls // no layer makes that bucket
	}
	require.Equal(j.t, "GET", a.Method)
	return append(calls, with("s3", "shared-records", "Decrypt")...)
}

// name is a call about the public name.
func (j judge) name(a registry.Asked, call caller) access.Call {
	resource := strings.TrimPrefix(a.Path, "/2013-04-01/")
	kind, id, _ := strings.Cut(strings.TrimSuffix(resource, "/"), "/")
	read := a.Method == http.MethodGet
	switch {
	case kind == "hostedzonesbyname" && read:
		return call("route53:ListHostedZonesByName", "*", nil)
	case kind == "hostedzone" && path.Base(id) == "rrset":
		zone := "arn:aws:route53:::hostedzone/" + j.g.Find("aws:route53/zone:Zone", "zone").ID
		if read {
			return call("route53:ListResourceRecordSets", zone, nil)
		}
		return call("route53:ChangeResourceRecordSets", zone, map[string][]string{
			"route53:ChangeResourceRecordSetsNormalizedRecordNames": j.elements(a, "Name"),
			"route53:ChangeResourceRecordSetsRecordTypes":           j.elements(a, "Type"),
			"route53:ChangeResourceRecordSetsActions":               j.elements(a, "Action"),
		})
	case kind == "healthcheck":
		color := strings.TrimPrefix(id, "hc-")
		check, _ := j.g.Exports(contract.Edge)[color+"HealthCheckId"].(string)
		require.NotEmpty(j.t, check)
		if read {
			return call("route53:GetHealthCheck", "arn:aws:route53:::healthcheck/"+check, nil)
		}
		return call("route53:UpdateHealthCheck", "arn:aws:route53:::healthcheck/"+check, nil)
	case kind == "change" && read:
		return call("route53:GetChange", "arn:aws:route53:::change/"+id, nil)
	}
	require.Failf(j.t, "nobody wrote what this takes", "route53 %s %s", a.Method, a.Path)
	return access.Call{}
}

// elements are the texts of an XML body's elements of a name, in small letters where
// Route 53 does so, each once.
func (j judge) elements(a registry.Asked, name string) []string {
	var texts []string
	for _, found := range regexp.MustCompile("<"+name+">([^<]+)</"+name+">").FindAllSubmatch(a.Body, -1) {
		text := string(found[1])
		if name == "Name" {
			text = strings.ToLower(strings.TrimSuffix(text, "."))
		}
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	require.NotEmptyf(j.t, texts, "%s in %s", name, a.Body)
	return texts
}

func (j judge) field(a registry.Asked, name string) string {
	in := map[string]any{}
	require.NoError(j.t, json.Unmarshal(a.Body, &in))
	text, _ := in[name].(string)
	require.NotEmptyf(j.t, text, "%s %s: %s", a.Service, a.Operation, a.Body)
	return text
}

func (j judge) regional(service, resource string) string {
	return "arn:aws:" + service + ":us-east-1:" + j.g.Environment.AccountID + ":" + resource
}

// key is the ARN of a key of the security layer.
func (j judge) key(purpose string) string {
	key := j.g.Find("aws:kms/key:Key", purpose)
	require.NotNil(j.t, key, purpose)
	return key.Output("arn")
}

// behind is the key that an alias leads to.
func (j judge) behind(alias string) string {
	for _, each := range j.g.OfType("aws:kms/alias:Alias") {
		if each.Text("name") == alias {
			return j.key(each.Name)
		}
	}
	require.Failf(j.t, "no layer makes it", "alias %s", alias)
	return ""
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
