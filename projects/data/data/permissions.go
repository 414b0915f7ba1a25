package data

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/tables"
)

// What the policy of a service speaks of.
const (
	controlTableARN = "controlTable"
	controlKeyARN   = "controlKey"
	sessionsKeyARN  = "sessionsKey"
	documentsKeyARN = "documentsKey"
)

// addPermissions lets each service's tasks use the stores as the catalogue says,
// and read the settings of those stores and no others.
func (s *Stores) addPermissions(ctx *pulumi.Context, name string, args *StoresArgs) error {
	for _, service := range args.Services {
		values := pulumi.StringMap{
			controlTableARN: args.ControlTableARN,
			controlKeyARN:   args.ControlKeyARN,
			sessionsKeyARN:  args.Principals.SessionsKeyARN,
			documentsKeyARN: args.Principals.DocumentsKeyARN,
		}
		for table, made := range s.Tables {
			values[table] = made.ARN
		}
		if _, err := component.NewPolicy(ctx, name+"-"+service.Name+"-stores", &component.PolicyArgs{
			Name:        args.Names.Name(naming.Policy, service.Name, "stores"),
			Description: "What " + service.Name + " does with the stores of " + string(args.Color),
			Values:      values,
			Write:       func(values map[string]string) iamdoc.Document { return args.storesPolicy(service, values) },
			Roles: map[string]pulumi.StringInput{
				"task": component.Entry(args.Principals.TaskRoleNames, string(args.Color)+" task roles of the security layer", service.Name),
			},
		}, pulumi.Parent(s)); err != nil {
			return err
		}
	}
	return nil
}

// storesPolicy is what one service may do with one colour's stores.
func (a *StoresArgs) storesPolicy(service catalog.Service, values map[string]string) iamdoc.Document {
	branches := []string{platformBranch, databaseBranch}
	statements := readToken(values)
	var tablesUsed, bucketsUsed bool
	for _, each := range []struct {
		design tables.Table
		access catalog.Access
	}{{tables.Sessions(), service.Stores.Sessions}, {tables.RateLimits(), service.Stores.RateLimits}} {
		if each.access != catalog.None {
			tablesUsed, branches = true, append(branches, each.design.Name)
			statements = append(statements, useTable(each.design, values[each.design.Name], each.access)...)
		}
	}
	var writes bool
	for _, each := range []struct {
		purpose string
		access  catalog.Access
	}{{transactionLogsBranch, service.Stores.TransactionLogs}, {documentsBranch, service.Stores.Documents}} {
		if each.access != catalog.None {
			bucketsUsed, branches = true, append(branches, each.purpose)
			writes = writes || each.access == catalog.Write
			statements = append(statements, useBucket(each.purpose, a.bucketName(each.purpose), service.Name, each.access)...)
		}
	}
	if tablesUsed {
		statements = append(statements, useKey("KeyOfTheTables", values[sessionsKeyARN], "dynamodb", "kms:Decrypt"))
	}
	if bucketsUsed {
		actions := []string{"kms:Decrypt"}
		if writes {
			actions = append(actions, "kms:GenerateDataKey*")
		}
		statements = append(statements, useKey("KeyOfTheObjects", values[documentsKeyARN], "s3", actions...))
	}
	return iamdoc.Document{Statements: append(statements, iamdoc.Statement{
		Sid: "Settings", Resources: a.branchARNs(branches...),
		Actions: []string{"ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"},
	})}
}

// readToken lets a service ask which colour may write, and nothing else of the
// control table.
func readToken(values map[string]string) []iamdoc.Statement {
	return []iamdoc.Statement{
		{
			Sid: "TokenOfAuthority", Resources: []string{values[controlTableARN]}, Actions: []string{"dynamodb:GetItem"},
			Conditions: onlyItems(control.AuthorityItem),
		},
		useKey("KeyOfTheToken", values[controlKeyARN], "dynamodb", "kms:Decrypt"),
	}
}

// useTable allows the operations on single items and on the indexes. Nobody
// scans: a scan reads every customer's sessions.
func useTable(design tables.Table, arn string, access catalog.Access) []iamdoc.Statement {
	actions := []string{"dynamodb:BatchGetItem", "dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:Query"}
	if access == catalog.Write {
		actions = append(actions, "dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem",
			"dynamodb:PutItem", "dynamodb:UpdateItem")
	}
	var indexes []string
	for _, index := range design.Indexes {
		indexes = append(indexes, arn+"/index/"+index.Name)
	}
	sid := statementID(design.Name)
	return []iamdoc.Statement{
		{Sid: sid, Resources: []string{arn}, Actions: actions},
		{Sid: sid + "Indexes", Resources: indexes, Actions: []string{"dynamodb:Query"}},
	}
}

// useBucket allows reading everything and writing below the service's own name.
func useBucket(purpose, bucket, service string, access catalog.Access) []iamdoc.Statement {
	arn, sid := component.BucketARN(bucket), statementID(purpose)
	statements := []iamdoc.Statement{
		{Sid: sid + "List", Resources: []string{arn}, Actions: []string{"s3:ListBucket"}},
		{Sid: sid + "Read", Resources: []string{arn + "/*"}, Actions: []string{"s3:GetObject", "s3:GetObjectVersion"}},
	}
	if access != catalog.Write {
		return statements
	}
	return append(statements, iamdoc.Statement{
		Sid: sid + "Write", Resources: []string{arn + "/" + service + "/*"},
		Actions: []string{"s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"},
	})
}

func useKey(sid, key, service string, actions ...string) iamdoc.Statement {
	return iamdoc.Statement{
		Sid: sid, Resources: []string{key}, Actions: actions,
		Conditions: iamdoc.Conditions{"StringEquals": {"kms:ViaService": {service + "." + config.Region + ".amazonaws.com"}}},
	}
}

// onlyItems narrows a statement to items by key. A request that names no key, a
// scan for example, is refused too: the set operator alone would let it pass.
func onlyItems(keys ...string) iamdoc.Conditions {
	return iamdoc.Conditions{
		"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": keys},
		"Null":                      {"dynamodb:LeadingKeys": {"false"}},
	}
}

// likeItems narrows a statement to items by patterns of keys, as onlyItems does by
// keys.
func likeItems(patterns ...string) iamdoc.Conditions {
	return iamdoc.Conditions{
		"ForAllValues:StringLike": {"dynamodb:LeadingKeys": patterns},
		"Null":                    {"dynamodb:LeadingKeys": {"false"}},
	}
}

// statementID makes "TransactionLogs" of "transaction-logs": a statement's id
// takes letters and digits only.
func statementID(purpose string) string {
	var id []byte
	up := true
	for _, c := range []byte(purpose) {
		switch {
		case c == '-':
			up = true
		case up:
			id, up = append(id, c-'a'+'A'), false
		default:
			id = append(id, c)
		}
	}
	return string(id)
}
