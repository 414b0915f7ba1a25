package data

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/naming"
)

const (
	engine = "aurora-postgresql"
	// databaseName is the database that both colours replicate.
	databaseName = "payments"
	// masterUsername is none of the names that attackers try first (AWS Security
	// Hub control RDS.24).
	masterUsername = "cutover_master"
	// exportedLog is the engine's log that goes to CloudWatch, audit included.
	exportedLog = "postgresql"

	// monitoringSeconds is the resolution of the operating system's metrics.
	monitoringSeconds = 30
	// insightsDays is the retention of performance data that costs nothing.
	insightsDays = 7
	// masterRotationDays is how often the master user's password changes.
	masterRotationDays = 30

	// Backup and maintenance, in UTC, do not overlap: RDS refuses windows that do.
	backupWindow      = "06:00-07:00"
	maintenanceWindow = "sun:08:00-sun:09:00"

	// lastTier is the last promotion tier: those before it are preferred as writer.
	lastTier  = 15
	zoneCount = 3
)

// Cluster is what the contract promises of a database cluster.
type Cluster struct {
	ID, ResourceID, ARN, Writer, Reader, MasterSecretARN pulumi.StringOutput
}

// addDatabase makes the colour's clusters: the empty one, then its clones of the
// other colour's. The last is the one in use. Each has its log group first, then its
// instances.
func (s *Stores) addDatabase(ctx *pulumi.Context, name string, args *StoresArgs) error {
	shared, err := s.addSurroundings(ctx, name, args)
	if err != nil {
		return err
	}
	for number := range args.Config.Clones.of(args.Color) + 1 {
		if err := s.addNumbered(ctx, name, args, shared, number); err != nil {
			return err
		}
	}
	return nil
}

// surroundings are what all clusters of a colour share.
type surroundings struct {
	subnets    *rds.SubnetGroup
	parameters *rds.ClusterParameterGroup
}

func (s *Stores) addSurroundings(ctx *pulumi.Context, name string, args *StoresArgs) (surroundings, error) {
	subnets, err := rds.NewSubnetGroup(ctx, name+"-database", &rds.SubnetGroupArgs{
		Name:        pulumi.String(args.Names.Name(naming.Generic, "database")),
		Description: pulumi.String("Isolated subnets of the database"),
		SubnetIds:   args.Network.DatabaseSubnetIDs,
	}, pulumi.Parent(s))
	if err != nil {
		return surroundings{}, fmt.Errorf("subnet group of the database: %w", err)
	}
	parameters, err := s.addParameterGroup(ctx, name, args)
	return surroundings{subnets, parameters}, err
}

// addNumbered makes one cluster of the colour, which is the one in use unless another
// follows.
func (s *Stores) addNumbered(ctx *pulumi.Context, name string, args *StoresArgs, shared surroundings, number int) error {
	at, id := cloneName(name+"-database", number), cloneName(args.Names.Name(naming.Cluster, "database"), number)
	cluster, err := s.addCluster(ctx, at, id, args, shared, number > 0)
	if err != nil {
		return err
	}
	s.instances = nil
	for i := range args.Config.Database.Instances {
		if err := s.addInstance(ctx, at, id, args, cluster, i); err != nil {
			return err
		}
	}
	s.Database = &Cluster{
		ID:              cluster.ClusterIdentifier,
		ResourceID:      cluster.ClusterResourceId,
		ARN:             cluster.Arn,
		Writer:          cluster.Endpoint,
		Reader:          cluster.ReaderEndpoint,
		MasterSecretARN: masterSecret(cluster, id),
	}
	return s.addMasterRotation(ctx, at, id)
}

func (s *Stores) addCluster(ctx *pulumi.Context, at, id string, args *StoresArgs, shared surroundings, cloned bool) (*rds.Cluster, error) {
	group, err := component.NewLogGroup(ctx, at, &component.LogGroupArgs{
		Name:   postgresLog(id),
		KeyARN: args.Principals.LogsKeyARN,
	}, pulumi.Parent(s))
	if err != nil {
		return nil, err
	}
	described, before := clusterArgs(args, id, s.SecurityGroupID, shared), []pulumi.Resource{group}
	if cloned {
		described = clone(described, clusterID(args.PeerNames, args.Config.Clones, args.Color.Other()))
		if args.PeerStores != nil { // a source of this deployment takes writes before it is cloned
			before = append(before, args.PeerStores.instances...)
		}
	}
	cluster, err := rds.NewCluster(ctx, at, described, component.Stateful(args.Config.Environment, pulumi.Parent(s),
		pulumi.DependsOn(before), pulumi.IgnoreChanges([]string{origin}))...)
	if err != nil {
		return nil, fmt.Errorf("database cluster %s: %w", id, err)
	}
	return cluster, nil
}

// postgresLog is the log group that RDS writes a cluster's log to (Aurora user
// guide, "Publishing Aurora PostgreSQL logs to Amazon CloudWatch Logs").
func postgresLog(cluster string) string { return "/aws/rds/cluster/" + cluster + "/" + exportedLog }

func clusterArgs(args *StoresArgs, id string, group pulumi.StringInput, shared surroundings) *rds.ClusterArgs {
	keep := args.Config.KeepOnDelete
	return &rds.ClusterArgs{
		ClusterIdentifier: pulumi.String(id),
		Engine:            pulumi.String(engine),
		EngineVersion:     pulumi.String(args.Config.Database.EngineVersion),
		Port:              pulumi.Int(catalog.DatabasePort),
		DatabaseName:      pulumi.String(databaseName),

		MasterUsername:                   pulumi.String(masterUsername),
		ManageMasterUserPassword:         pulumi.Bool(true),
		MasterUserSecretKmsKeyId:         args.Principals.SecretsKeyARN,
		IamDatabaseAuthenticationEnabled: pulumi.Bool(true),

		DbSubnetGroupName:           shared.subnets.Name,
		VpcSecurityGroupIds:         pulumi.StringArray{group},
		DbClusterParameterGroupName: shared.parameters.Name,

		StorageEncrypted:             pulumi.Bool(true),
		KmsKeyId:                     args.Principals.DatabaseKeyARN,
		EnabledCloudwatchLogsExports: pulumi.StringArray{pulumi.String(exportedLog)},

		BackupRetentionPeriod:      pulumi.Int(args.Config.Database.BackupRetentionDays),
		PreferredBackupWindow:      pulumi.String(backupWindow),
		PreferredMaintenanceWindow: pulumi.String(maintenanceWindow),
		CopyTagsToSnapshot:         pulumi.Bool(true),
		DeleteAutomatedBackups:     pulumi.Bool(!keep),
		SkipFinalSnapshot:          pulumi.Bool(!keep),
		FinalSnapshotIdentifier:    pulumi.String(id + "-final"),
		DeletionProtection:         pulumi.Bool(args.Config.Environment.Protect),
	}
}

// addInstance makes one member. Members stand in the zones in turn; the lower
// its number, the sooner a member is promoted when the writer fails.
func (s *Stores) addInstance(ctx *pulumi.Context, at, of string, args *StoresArgs, cluster *rds.Cluster, number int) error {
	id := fmt.Sprintf("%s-%d", of, number+1)
	made, err := rds.NewClusterInstance(ctx, fmt.Sprintf("%s-%d", at, number+1), &rds.ClusterInstanceArgs{
		Identifier:         pulumi.String(id),
		ClusterIdentifier:  cluster.ID(),
		Engine:             pulumi.String(engine),
		EngineVersion:      pulumi.String(args.Config.Database.EngineVersion),
		InstanceClass:      pulumi.String(args.Config.Database.InstanceClass),
		AvailabilityZone:   args.Zones.Index(pulumi.Int(number % zoneCount)),
		PromotionTier:      pulumi.Int(min(number, lastTier)),
		PubliclyAccessible: pulumi.Bool(false),
		// Updates are planned: an automatic one would leave the release that both
		// colours replicate between.
		AutoMinorVersionUpgrade:    pulumi.Bool(false),
		CopyTagsToSnapshot:         pulumi.Bool(true),
		PreferredMaintenanceWindow: pulumi.String(maintenanceWindow),

		MonitoringInterval:                 pulumi.Int(monitoringSeconds),
		MonitoringRoleArn:                  args.Principals.MonitoringRoleARN,
		PerformanceInsightsEnabled:         pulumi.Bool(true),
		PerformanceInsightsKmsKeyId:        args.Principals.DatabaseKeyARN,
		PerformanceInsightsRetentionPeriod: pulumi.Int(insightsDays),
	}, component.Stateful(args.Config.Environment, pulumi.Parent(s), pulumi.DependsOn([]pulumi.Resource{args.Monitoring.group}))...)
	if err != nil {
		return fmt.Errorf("database instance %s: %w", id, err)
	}
	s.instances = append(s.instances, made)
	return nil
}

// masterSecret is the ARN of the secret that RDS keeps the master password in.
func masterSecret(cluster *rds.Cluster, id string) pulumi.StringOutput {
	return cluster.MasterUserSecrets.ApplyT(func(secrets []rds.ClusterMasterUserSecret) (string, error) {
		if len(secrets) != 1 || secrets[0].SecretArn == nil || *secrets[0].SecretArn == "" {
			return "", fmt.Errorf("database cluster %s: reports %d master user secrets, expected one with an ARN", id, len(secrets))
		}
		return *secrets[0].SecretArn, nil
	}).(pulumi.StringOutput)
}

// addMasterRotation sets how often RDS changes the master password; it does so
// itself, without a function. A deployment does not trigger a change. Nothing
// takes the schedule back: the secret is the cluster's and goes with it.
func (s *Stores) addMasterRotation(ctx *pulumi.Context, at, id string) error {
	if _, err := secretsmanager.NewSecretRotation(ctx, at+"-master", &secretsmanager.SecretRotationArgs{
		SecretId:          s.Database.MasterSecretARN,
		RotateImmediately: pulumi.Bool(false),
		RotationRules: secretsmanager.SecretRotationRotationRulesArgs{
			AutomaticallyAfterDays: pulumi.Int(masterRotationDays),
		},
	}, pulumi.Parent(s), pulumi.RetainOnDelete(true)); err != nil {
		return fmt.Errorf("rotation of the master password of %s: %w", id, err)
	}
	return nil
}
