//go:build e2e

package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	dnstypes "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/settings"
)

const bluePrefix = "cutover-local-blue-"

// verifySees spoils one thing after the other and looks what verify says.
func (s *site) verifySees(t *testing.T, layer contract.Layer, all []spoiled) {
	t.Helper()
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			require.NoError(t, c.spoil(t.Context(), s.aws()))
			s.out.Reset()
			err := s.app(t).Verify(t.Context(), layer)
			assert.Equal(t, fault.Verification, fault.CodeOf(err), err)
			assert.Contains(t, s.out.String(), c.seen)
			if c.undo != nil {
				require.NoError(t, c.undo(t.Context(), s.aws()))
			}
		})
	}
}

// showsConnections reads the password of the master user from where RDS put it.
func (s *site) showsConnections(ctx context.Context, t *testing.T) {
	t.Helper()
	show := []settings.Flag{{Name: "show", Value: "connection"}, {Name: "color", Value: "blue"}, {Name: "yes", Value: "true"}}
	s.out.Reset()
	require.NoError(t, s.app(t, show...).Outputs(ctx, contract.Data), s.out)
	assert.Contains(t, s.out.String(), "blue payment-api = none yet: the first rotation is not over", "the emulator runs no function")
	assert.Regexp(t, `blue master writer = postgresql://cutover_master:[^@]+@\S+:5433/payments\?sslmode=verify-full`, s.out.String())
	audit, err := os.ReadFile(filepath.Join(s.root, ".cutover", "audit.jsonl"))
	require.NoError(t, err)
	assert.Contains(t, string(audit), "show-connection:data")
	assert.False(t, bytes.Contains(audit, []byte("postgresql://")))
}

// spoiled is one thing that somebody changes behind Pulumi's back, and what
// verify says to it. What is spoiled stays so: each is of another resource or
// property, and the layer goes at the end. Only what no layer owns is undone.
type spoiled struct {
	name, seen  string
	spoil, undo func(ctx context.Context, cfg aws.Config) error
}

func spoiledStores() []spoiled {
	all := append(append(spoiledDatabase(), spoiledTables()...), append(spoiledBuckets(), spoiledRest()...)...)
	return append(append(all, spoiledSecrets()...), spoiledDatabaseNames()...)
}

// changeName changes a record of the private zone by hand.
func changeName(action dnstypes.ChangeAction, name, target string) func(context.Context, aws.Config) error {
	return func(ctx context.Context, cfg aws.Config) error {
		dns := route53.NewFromConfig(cfg)
		zones, err := dns.ListHostedZonesByName(ctx, &route53.ListHostedZonesByNameInput{DNSName: aws.String("local.cutover.internal")})
		if err != nil {
			return err
		}
		if len(zones.HostedZones) == 0 {
			return errors.New("no zone local.cutover.internal")
		}
		_, err = dns.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
			HostedZoneId: zones.HostedZones[0].Id,
			ChangeBatch: &dnstypes.ChangeBatch{Changes: []dnstypes.Change{{Action: action, ResourceRecordSet: &dnstypes.ResourceRecordSet{
				Name: aws.String(name), Type: dnstypes.RRTypeCname, TTL: aws.Int64(5),
				ResourceRecords: []dnstypes.ResourceRecord{{Value: aws.String(target)}},
			}}}},
		})
		return err
	}
}

func spoiledDatabaseNames() []spoiled {
	const writer, more = "writer.blue.local.cutover.internal", "writer.local.cutover.internal"
	return []spoiled{
		{
			name: "name that leads elsewhere", seen: "name " + writer + ": leads to [elsewhere.example], expected cutover-local-blue-database.cluster-",
			spoil: changeName(dnstypes.ChangeActionUpsert, writer, "elsewhere.example"),
		},
		{
			name: "name of no colour", seen: "private zone local.cutover.internal: holds " + more + " of type CNAME",
			spoil: changeName(dnstypes.ChangeActionCreate, more, "elsewhere.example"), undo: changeName(dnstypes.ChangeActionDelete, more, "elsewhere.example"),
		},
	}
}

func spoiledSecrets() []spoiled {
	name := func(role string) *string { return aws.String("cutover/local/blue/database/" + role) }
	return []spoiled{
		{name: "secret that is not rotated any more", seen: "secret of blue payment-api: is not rotated", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := secretsmanager.NewFromConfig(cfg).CancelRotateSecret(ctx, &secretsmanager.CancelRotateSecretInput{SecretId: name("payment_api")})
			return err
		}},
		{name: "secret for anyone", seen: "secret of blue reader: its policy admits anyone", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := secretsmanager.NewFromConfig(cfg).PutResourcePolicy(ctx, &secretsmanager.PutResourcePolicyInput{
				SecretId: name("bgsync_reader"), ResourcePolicy: aws.String(`{"Version":"2012-10-17","Statement":[
					{"Effect":"Allow","Principal":"*","Action":"secretsmanager:GetSecretValue","Resource":"*"},
					{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/x"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}]}`),
			})
			return err
		}},
	}
}

func spoiledDatabase() []spoiled {
	cluster := aws.String(bluePrefix + "database")
	return []spoiled{
		{name: "short backups", seen: "backup retention in days is 8, expected 7", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := rds.NewFromConfig(cfg).ModifyDBCluster(ctx, &rds.ModifyDBClusterInput{
				DBClusterIdentifier: cluster, BackupRetentionPeriod: aws.Int32(8), ApplyImmediately: aws.Bool(true),
			})
			return err
		}},
		{name: "plain connections", seen: "parameter group cutover-local-blue-database: rds.force_ssl is 0, expected 1", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := rds.NewFromConfig(cfg).ModifyDBClusterParameterGroup(ctx, &rds.ModifyDBClusterParameterGroupInput{
				DBClusterParameterGroupName: cluster, Parameters: []rdstypes.Parameter{{
					ParameterName: aws.String("rds.force_ssl"), ParameterValue: aws.String("0"), ApplyMethod: rdstypes.ApplyMethodImmediate,
				}},
			})
			return err
		}},
		{name: "public instance", seen: "instance cutover-local-blue-database-1: public access is true, expected false", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := rds.NewFromConfig(cfg).ModifyDBInstance(ctx, &rds.ModifyDBInstanceInput{
				DBInstanceIdentifier: aws.String(bluePrefix + "database-1"), PubliclyAccessible: aws.Bool(true), ApplyImmediately: aws.Bool(true),
			})
			return err
		}},
		{name: "deaf to events", seen: "nobody is told of failover of any db-cluster", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := rds.NewFromConfig(cfg).DeleteEventSubscription(ctx, &rds.DeleteEventSubscriptionInput{
				SubscriptionName: aws.String("cutover-local-db-cluster-events"),
			})
			return err
		}},
	}
}

func spoiledTables() []spoiled {
	sessions := aws.String(bluePrefix + "sessions")
	return []spoiled{
		{name: "no restore", seen: "table cutover-local-blue-sessions: cannot be restored to any point in time", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := dynamodb.NewFromConfig(cfg).UpdateContinuousBackups(ctx, &dynamodb.UpdateContinuousBackupsInput{
				TableName: sessions, PointInTimeRecoverySpecification: &dynamotypes.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: aws.Bool(false)},
			})
			return err
		}},
		{name: "no stream", seen: "table cutover-local-blue-sessions: stream is , expected NEW_AND_OLD_IMAGES", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := dynamodb.NewFromConfig(cfg).UpdateTable(ctx, &dynamodb.UpdateTableInput{
				TableName: sessions, StreamSpecification: &dynamotypes.StreamSpecification{StreamEnabled: aws.Bool(false)},
			})
			return err
		}},
		{name: "no index", seen: "table cutover-local-blue-rate-limits: has no index by-window", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := dynamodb.NewFromConfig(cfg).UpdateTable(ctx, &dynamodb.UpdateTableInput{
				TableName: aws.String(bluePrefix + "rate-limits"), GlobalSecondaryIndexUpdates: []dynamotypes.GlobalSecondaryIndexUpdate{
					{Delete: &dynamotypes.DeleteGlobalSecondaryIndexAction{IndexName: aws.String("by-window")}},
				},
			})
			return err
		}},
		{name: "endless items", seen: "table cutover-local-blue-rate-limits: state of the time to live is DISABLED", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := dynamodb.NewFromConfig(cfg).UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
				TableName:               aws.String(bluePrefix + "rate-limits"),
				TimeToLiveSpecification: &dynamotypes.TimeToLiveSpecification{AttributeName: aws.String("expires_at"), Enabled: aws.Bool(false)},
			})
			return err
		}},
	}
}

func spoiledBuckets() []spoiled {
	bucket := aws.String(bluePrefix + "documents-123456789012")
	client := func(cfg aws.Config) *s3.Client {
		return s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	}
	const about = "bucket cutover-local-blue-documents-123456789012: "
	return []spoiled{
		{name: "key of AWS", seen: about + "encryption is AES256, expected aws:kms", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := client(cfg).PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: bucket, ServerSideEncryptionConfiguration: &s3types.ServerSideEncryptionConfiguration{
				Rules: []s3types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &s3types.ServerSideEncryptionByDefault{SSEAlgorithm: s3types.ServerSideEncryptionAes256}}},
			}})
			return err
		}},
		{name: "no policy", seen: about + "policy: ", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := client(cfg).DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: bucket})
			return err
		}},
		{name: "open to the public", seen: about + "is not closed to the public on all four ways", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := client(cfg).PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: bucket, PublicAccessBlockConfiguration: &s3types.PublicAccessBlockConfiguration{
				BlockPublicAcls: aws.Bool(true), IgnorePublicAcls: aws.Bool(true), RestrictPublicBuckets: aws.Bool(true), BlockPublicPolicy: aws.Bool(false),
			}})
			return err
		}},
		{name: "longer lock", seen: about + "days of lock is 2, expected 1", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := client(cfg).PutObjectLockConfiguration(ctx, &s3.PutObjectLockConfigurationInput{Bucket: bucket, ObjectLockConfiguration: &s3types.ObjectLockConfiguration{
				ObjectLockEnabled: s3types.ObjectLockEnabledEnabled,
				Rule:              &s3types.ObjectLockRule{DefaultRetention: &s3types.DefaultRetention{Mode: s3types.ObjectLockRetentionModeGovernance, Days: aws.Int32(2)}},
			}})
			return err
		}},
		{name: "objects for ever", seen: about + "lifecycle: ", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := client(cfg).DeleteBucketLifecycle(ctx, &s3.DeleteBucketLifecycleInput{Bucket: bucket})
			return err
		}},
		{name: "versions suspended", seen: "bucket cutover-local-blue-transaction-logs-123456789012: versioning is Suspended, expected Enabled", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := client(cfg).PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
				Bucket:                  aws.String(bluePrefix + "transaction-logs-123456789012"),
				VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusSuspended},
			})
			return err
		}},
	}
}

func spoiledRest() []spoiled {
	return []spoiled{
		{name: "short logs", seen: "log group RDSOSMetrics: retention in days is 7, expected 90", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := cloudwatchlogs.NewFromConfig(cfg).PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{
				LogGroupName: aws.String("RDSOSMetrics"), RetentionInDays: aws.Int32(7),
			})
			return err
		}},
		{name: "wrong setting", seen: "settings below /cutover/local/blue: database/port is 5432, expected 5433", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := ssm.NewFromConfig(cfg).PutParameter(ctx, &ssm.PutParameterInput{
				Name: aws.String("/cutover/local/blue/database/port"), Value: aws.String("5432"), Overwrite: aws.Bool(true),
			})
			return err
		}},
		{name: "unlocked vault", seen: "backup vault cutover-local-blue-backup: lock is false, expected true", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := backup.NewFromConfig(cfg).DeleteBackupVaultLockConfiguration(ctx, &backup.DeleteBackupVaultLockConfigurationInput{
				BackupVaultName: aws.String(bluePrefix + "backup"),
			})
			return err
		}},
	}
}
