package services

import (
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

// What the policy of the execution role speaks of.
const (
	repositoryARN = "repository"
	logGroupARN   = "logGroup"
	secretsKeyARN = "secretsKey"
)

// addPermissions lets the role that starts the tasks pull this service's image,
// write to this service's log group and read this service's secrets, and no
// other's.
func (w *Workload) addPermissions(ctx *pulumi.Context, name string, args *WorkloadArgs) error {
	secrets := args.Release.secrets()
	role := component.Entry(args.Around.principals.ExecutionRoleNames,
		string(args.Color)+" execution roles of the security layer", args.Service.Name)
	policy, err := component.NewPolicy(ctx, name+"-execution", &component.PolicyArgs{
		Name:        args.Names.Name(naming.Policy, args.Service.Name, "execution"),
		Description: "What starting a task of " + args.Service.Name + " takes",
		Values: pulumi.StringMap{
			repositoryARN: args.Repository.Arn,
			logGroupARN:   w.logGroup,
			secretsKeyARN: args.Around.principals.SecretsKeyARN,
		},
		Write: func(values map[string]string) iamdoc.Document {
			return executionPolicy(values, slices.Sorted(maps.Values(secrets)))
		},
		Roles: map[string]pulumi.StringInput{"execution": role},
	}, pulumi.Parent(w))
	if err != nil {
		return err
	}
	w.before = append(w.before, policy.Attachments...)
	return nil
}

func executionPolicy(values map[string]string, secrets []string) iamdoc.Document {
	document := iamdoc.Document{Statements: []iamdoc.Statement{
		// The action has no resource level (Service authorization reference, "Actions
		// defined by Amazon Elastic Container Registry").
		{Sid: "SignIn", Actions: []string{"ecr:GetAuthorizationToken"}, Resources: []string{"*"}},
		{
			Sid:       "PullOwnImage",
			Actions:   []string{"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"},
			Resources: []string{values[repositoryARN]},
		},
		{
			Sid:       "WriteOwnLogs",
			Actions:   []string{"logs:CreateLogStream", "logs:PutLogEvents"},
			Resources: []string{values[logGroupARN] + ":*"},
		},
	}}
	if len(secrets) == 0 {
		return document
	}
	document.Statements = append(document.Statements,
		iamdoc.Statement{Sid: "ReadOwnSecrets", Actions: []string{"secretsmanager:GetSecretValue"}, Resources: secrets},
		iamdoc.Statement{
			Sid:       "DecryptOwnSecrets",
			Actions:   []string{"kms:Decrypt"},
			Resources: []string{values[secretsKeyARN]},
			Conditions: iamdoc.Conditions{"StringEquals": {
				"kms:ViaService": {"secretsmanager." + config.Region + ".amazonaws.com"},
			}},
		})
	return document
}
