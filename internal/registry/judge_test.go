package registry_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/internal/registry"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/access"
)

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
