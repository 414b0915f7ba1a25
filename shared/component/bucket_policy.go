package component

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/iamdoc"
)

// bucketKey is the name of the key's ARN among the values of a bucket's policy.
const bucketKey = "key"

func (b *Bucket) addPolicy(ctx *pulumi.Context, name string, args *BucketArgs) error {
	made, err := s3.NewBucketPolicy(ctx, name, &s3.BucketPolicyArgs{
		Bucket: b.Name,
		Policy: args.policy(),
	}, pulumi.Parent(b), pulumi.DependsOn([]pulumi.Resource{b.blocked}))
	if err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	b.policy = made
	return nil
}

func (a *BucketArgs) policy() pulumi.StringOutput {
	values := pulumi.StringMap{}
	if a.KeyARN != nil {
		values[bucketKey] = a.KeyARN
	}
	writers, services := numbered(values, "writer", a.Writers), numbered(values, "service", a.ServiceWriters)
	return Document(values, func(known map[string]string) iamdoc.Document {
		statements := refusePlainTransport(a.Name)
		if key := known[bucketKey]; key != "" {
			statements = append(statements, refuseOtherKeys(a.Name, key, pick(known, services))...)
		}
		if len(writers) > 0 {
			statements = append(statements, refuseOtherWriters(a.Name, pick(known, writers)))
		}
		return iamdoc.Document{Statements: append(statements, a.Statements...)}
	})
}

// numbered puts values into a map and returns their names there.
func numbered(values pulumi.StringMap, kind string, list []pulumi.StringInput) []string {
	names := make([]string, len(list))
	for i, value := range list {
		names[i] = fmt.Sprintf("%s%d", kind, i)
		values[names[i]] = value
	}
	return names
}

func pick(known map[string]string, names []string) []string {
	picked := make([]string, len(names))
	for i, name := range names {
		picked[i] = known[name]
	}
	slices.Sort(picked)
	return picked
}

// refuseOtherWriters lets nobody but certain roles put objects, whatever other
// policies of the account say.
func refuseOtherWriters(bucket string, writers []string) iamdoc.Statement {
	return iamdoc.Statement{
		Sid: "RefuseOtherWriters", Deny: true, Principals: iamdoc.Principals{Anyone: true},
		Actions: []string{"s3:PutObject"}, Resources: []string{BucketARN(bucket) + "/*"},
		Conditions: iamdoc.Conditions{"ArnNotEquals": {"aws:PrincipalArn": writers}},
	}
}

// refusePlainTransport refuses every request without TLS, and with TLS older
// than 1.2 (PCI DSS 4.2.1).
func refusePlainTransport(bucket string) []iamdoc.Statement {
	refuse := func(sid, operator, key, value string) iamdoc.Statement {
		return iamdoc.Statement{
			Sid:        sid,
			Deny:       true,
			Principals: iamdoc.Principals{Anyone: true},
			Actions:    []string{"s3:*"},
			Resources:  []string{BucketARN(bucket), BucketARN(bucket) + "/*"},
			Conditions: iamdoc.Conditions{operator: {key: {value}}},
		}
	}
	return []iamdoc.Statement{
		refuse("RefusePlainTransport", "Bool", "aws:SecureTransport", "false"),
		refuse("RefuseOldTLS", "NumericLessThan", "s3:TlsVersion", "1.2"),
	}
}

// keyHeader is what a put names its key with.
const keyHeader = "s3:x-amz-server-side-encryption-aws-kms-key-id"

// refuseOtherKeys refuses a put that names no key or another one. A put that
// asks for KMS without naming a key would get that of AWS, not the bucket's
// default (Amazon S3 user guide, "Specifying server-side encryption with AWS
// KMS"). AWS services that deliver by themselves, or in the name of a role that is
// given, take the bucket's default; the latter may name it and no other.
func refuseOtherKeys(bucket, key string, services []string) []iamdoc.Statement {
	refuse := iamdoc.Statement{
		Sid:        "RefuseOtherKeys",
		Deny:       true,
		Principals: iamdoc.Principals{Anyone: true},
		Actions:    []string{"s3:PutObject"},
		Resources:  []string{BucketARN(bucket) + "/*"},
		Conditions: iamdoc.Conditions{
			"ArnNotEqualsIfExists": {keyHeader: {key}},
			"Bool":                 {"aws:PrincipalIsAWSService": {"false"}},
		},
	}
	if len(services) == 0 {
		return []iamdoc.Statement{refuse}
	}
	named := refuse
	named.Sid = "RefuseOtherKeysOfServices"
	named.Conditions = iamdoc.Conditions{"ArnNotEquals": {keyHeader: {key}}, "Null": {keyHeader: {"false"}}}
	refuse.Conditions["ArnNotEquals"] = map[string][]string{"aws:PrincipalArn": services}
	return []iamdoc.Statement{refuse, named}
}
