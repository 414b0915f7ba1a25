package data

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/tables"
)

// What the policies of the sync functions and of replication speak of.
const (
	sessionsARN         = "sessionsTable"
	sessionsStreamARN   = "sessionsStream"
	peerDocumentsKeyARN = "peerDocumentsKey"
)

// addSyncAccess lets the functions that keep both colours equal read and write
// this colour's copied tables and read its buckets: its own functions always,
// those of the other colour while the window between the colours is open.
func (s *Stores) addSyncAccess(ctx *pulumi.Context, name string, args *StoresArgs) error {
	sessions := s.Tables[tables.Sessions().Name]
	roles := map[string]pulumi.StringInput{"sync": args.Principals.SyncRoleName}
	if args.Config.SyncWindow {
		roles["peer-sync"] = args.PeerPrincipals.SyncRoleName
	}
	_, err := component.NewPolicy(ctx, name+"-sync-stores", &component.PolicyArgs{
		Name:        args.Names.Name(naming.Policy, "sync", "stores"),
		Description: "What the sync functions do with the stores of " + string(args.Color),
		Values: pulumi.StringMap{
			sessionsARN: sessions.ARN, sessionsStreamARN: sessions.StreamARN,
			sessionsKeyARN: args.Principals.SessionsKeyARN, documentsKeyARN: args.Principals.DocumentsKeyARN,
		},
		Write: args.syncPolicy,
		Roles: roles,
	}, pulumi.Parent(s))
	return err
}

// syncPolicy holds for both directions: what is source today is target after the
// change of authority. A change is applied with its ledger entry in one
// transaction, whose parts are single operations to IAM. Rate limits are not
// copied, and objects S3 itself copies; the functions compare them.
func (a *StoresArgs) syncPolicy(values map[string]string) iamdoc.Document {
	var buckets, objects []string
	for _, purpose := range []string{transactionLogsBranch, documentsBranch} {
		arn := component.BucketARN(a.bucketName(purpose))
		buckets, objects = append(buckets, arn), append(objects, arn+"/*")
	}
	return iamdoc.Document{Statements: []iamdoc.Statement{
		{Sid: "CopiedTables", Resources: []string{values[sessionsARN]}, Actions: []string{
			"dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:DescribeTable", "dynamodb:GetItem",
			"dynamodb:PutItem", "dynamodb:Scan", "dynamodb:UpdateItem",
		}},
		{Sid: "Streams", Resources: []string{values[sessionsStreamARN]}, Actions: []string{
			"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator",
		}},
		{Sid: "Buckets", Resources: buckets, Actions: []string{"s3:ListBucket", "s3:ListBucketVersions"}},
		{Sid: "Objects", Resources: objects, Actions: []string{"s3:GetObject", "s3:GetObjectVersion"}},
		useKey("KeyOfTheTables", values[sessionsKeyARN], "dynamodb", "kms:Decrypt"),
		useKey("KeyOfTheObjects", values[documentsKeyARN], "s3", "kms:Decrypt"),
		{
			Sid: "Settings", Actions: []string{"ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"},
			Resources: a.branchARNs(platformBranch, databaseBranch, sessionsBranch, transactionLogsBranch, documentsBranch),
		},
	}}
}

// addReplication prepares the replication of objects to the other colour while the
// window is open: S3 takes the colour's role, which reads versions here and writes
// replicas there (Amazon S3 user guide, "Setting up permissions for live
// replication"). The rules themselves are the migration's.
func (s *Stores) addReplication(ctx *pulumi.Context, name string, args *StoresArgs) error {
	if !args.Config.SyncWindow {
		return nil
	}
	_, err := component.NewPolicy(ctx, name+"-replication", &component.PolicyArgs{
		Name:        args.Names.Name(naming.Policy, "replication"),
		Description: "Replication of objects of " + string(args.Color) + " to " + string(args.Color.Other()),
		Values: pulumi.StringMap{
			documentsKeyARN: args.Principals.DocumentsKeyARN, peerDocumentsKeyARN: args.PeerPrincipals.DocumentsKeyARN,
		},
		Write: args.replicationPolicy,
		Roles: map[string]pulumi.StringInput{"replication": args.Principals.ReplicationRoleName},
	}, pulumi.Parent(s))
	return err
}

func (a *StoresArgs) replicationPolicy(values map[string]string) iamdoc.Document {
	peer := *a
	peer.Names = a.PeerNames
	var buckets, objects, replicas []string
	for _, purpose := range []string{transactionLogsBranch, documentsBranch} {
		arn := component.BucketARN(a.bucketName(purpose))
		buckets, objects = append(buckets, arn), append(objects, arn+"/*")
		replicas = append(replicas, component.BucketARN(peer.bucketName(purpose))+"/*")
	}
	return iamdoc.Document{Statements: []iamdoc.Statement{
		{Sid: "Buckets", Resources: buckets, Actions: []string{"s3:GetReplicationConfiguration", "s3:ListBucket"}},
		{Sid: "Versions", Resources: objects, Actions: []string{
			"s3:GetObjectLegalHold", "s3:GetObjectRetention", "s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication",
			"s3:GetObjectVersionTagging",
		}},
		{Sid: "Replicas", Resources: replicas, Actions: []string{"s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"}},
		useKey("KeyOfTheObjects", values[documentsKeyARN], "s3", "kms:Decrypt"),
		useKey("KeyOfTheReplicas", values[peerDocumentsKeyARN], "s3", "kms:Encrypt", "kms:GenerateDataKey*"),
	}}
}
