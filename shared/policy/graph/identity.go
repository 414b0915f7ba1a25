package graph

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"strings"

	"github.com/cutover/cutover/shared/recording"
)

// identifier returns how the recording names resources: with ids and ARNs of
// the form that AWS gives them, so that policies over them can be evaluated. The
// digits in them come from the URN and are the same in every run.
func identifier(env Environment) func(recording.Resource) (string, map[string]any) {
	return func(r recording.Resource) (string, map[string]any) {
		if !r.Custom {
			return "", nil
		}
		f := filler{env: env, resource: r, digest: digest(r.URN)}
		form, known := forms[r.Type]
		if !known {
			form = f.anyForm()
		}
		id := f.fill(form.id)
		outputs := make(map[string]any, len(form.outputs)+1)
		for output, template := range form.outputs {
			outputs[output] = f.fill(template)
		}
		maps.Copy(outputs, f.structures())
		return id, outputs
	}
}

func digest(urn string) string {
	sum := sha256.Sum256([]byte(urn))
	return hex.EncodeToString(sum[:])
}

// form says what AWS makes of a resource, as templates. {name} is the physical
// name, {hex} 17 digits as in ids of EC2, {uuid} a key's id, {short} six
// characters as at the end of a secret's ARN; {in:x} is the text of input x.
type form struct {
	id      string
	outputs map[string]string
}

// physicalName is the name that the program chose, "" when it left that to AWS.
// A prefix counts as a name.
func physicalName(r recording.Resource) string {
	for _, input := range nameInputs[r.Type] {
		if name, _ := r.Inputs[input].(string); name != "" {
			return name
		}
	}
	name, _ := r.Inputs["name"].(string)
	return name
}

// nameInputs lists where the physical name stands, where that is not "name".
var nameInputs = map[string][]string{
	"aws:s3/bucketV2:BucketV2":                           {"bucket"},
	"aws:rds/cluster:Cluster":                            {"clusterIdentifier"},
	"aws:rds/clusterInstance:ClusterInstance":            {"identifier"},
	"aws:ecs/taskDefinition:TaskDefinition":              {"family"},
	"aws:cloudwatch/dashboard:Dashboard":                 {"dashboardName"},
	"aws:cloudwatch/compositeAlarm:CompositeAlarm":       {"alarmName"},
	"aws:acm/certificate:Certificate":                    {"domainName"},
	"aws:accessanalyzer/analyzer:Analyzer":               {"analyzerName"},
	"aws:cloudwatch/eventRule:EventRule":                 {"name"},
	"aws:cloudwatch/logResourcePolicy:LogResourcePolicy": {"policyName"},
}

// filler fills the templates of one resource.
type filler struct {
	env      Environment
	resource recording.Resource
	digest   string
}

func (f filler) fill(template string) string {
	name := physicalName(f.resource)
	if name == "" {
		name = f.resource.Name + "-" + f.digest[:7]
	}
	text := strings.NewReplacer(
		"{region}", f.env.Region, "{account}", f.env.AccountID, "{name}", name,
		"{hex}", f.digest[:17], "{short}", f.digest[:6], "{hex16}", f.digest[:16],
		"{UPPER}", strings.ToUpper(f.digest[:14]),
		"{uuid}", f.digest[:8]+"-"+f.digest[8:12]+"-"+f.digest[12:16]+"-"+f.digest[16:20]+"-"+f.digest[20:32],
	).Replace(template)
	for {
		before, rest, found := strings.Cut(text, "{in:")
		if !found {
			return text
		}
		input, after, _ := strings.Cut(rest, "}")
		text = before + f.input(input) + after
	}
}

// input is the text of an input; a path of IAM that is not set is "/".
func (f filler) input(name string) string {
	switch value := f.resource.Inputs[name].(type) {
	case string:
		return value
	case float64:
		return fmt.Sprint(int(value))
	}
	if name == "path" {
		return "/"
	}
	return ""
}

// anyForm serves a type that no form is written down for.
func (f filler) anyForm() form {
	parts := strings.Split(f.resource.Type, ":")
	if len(parts) != 3 || parts[0] != "aws" {
		return form{id: "{name}"}
	}
	service, kind, _ := strings.Cut(parts[1], "/")
	return form{id: kind + "-{hex}", outputs: map[string]string{"arn": "arn:aws:" + service + ":{region}:{account}:" + kind + "/{name}"}}
}

// structures are the computed properties that are no texts.
func (f filler) structures() map[string]any {
	switch f.resource.Type {
	case "aws:rds/cluster:Cluster":
		arn := f.fill("arn:aws:secretsmanager:{region}:{account}:secret:rds!cluster-{uuid}-{short}")
		return map[string]any{"masterUserSecrets": []any{map[string]any{
			"secretArn": arn,
		}}}
	case "aws:acm/certificate:Certificate":
		return map[string]any{"domainValidationOptions": f.proofs()}
	case "aws:route53/zone:Zone":
		return map[string]any{"nameServers": []any{"ns-1." + f.input("name"), "ns-2." + f.input("name")}}
	case "aws:route53/keySigningKey:KeySigningKey":
		return map[string]any{"dsRecord": f.fill("12345 13 2 {hex}")}
	case "aws:ec2/vpcEndpoint:VpcEndpoint":
		return map[string]any{"networkInterfaceIds": []any{f.fill("eni-{hex}")}}
	}
	return nil
}

// proofs are the records that ACM asks for, one for each name.
func (f filler) proofs() []any {
	names := append([]string{f.input("domainName")}, texts(f.resource.Inputs["subjectAlternativeNames"])...)
	proofs := make([]any, len(names))
	for i, name := range names {
		proofs[i] = map[string]any{
			"domainName": name, "resourceRecordName": "_" + f.digest[:8] + "." + name + ".",
			"resourceRecordType": "CNAME", "resourceRecordValue": "_" + f.digest[8:16] + ".acm-validations.aws.",
		}
	}
	return proofs
}
