package data

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/verify"
)

func (c *colorVerifier) checkCluster(ctx context.Context) error {
	f := verify.About("cluster %s", c.clusterID())
	database, err := c.keyARN(ctx, c.alias("database"))
	if err != nil {
		return f.Failed(err)
	}
	secrets, err := c.keyARN(ctx, c.alias("secrets"))
	if err != nil {
		return f.Failed(err)
	}
	answer, err := c.rds.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String(c.clusterID())})
	if err != nil {
		return f.Failed(err)
	}
	if len(answer.DBClusters) != 1 {
		return f.Failed(errors.New("does not exist"))
	}
	cluster := answer.DBClusters[0]
	f.Equal("status", aws.ToString(cluster.Status), "available")
	f.Equal("engine", aws.ToString(cluster.Engine)+" "+aws.ToString(cluster.EngineVersion), engine+" "+engineVersion)
	f.Equal("port", aws.ToInt32(cluster.Port), int32(catalog.DatabasePort))
	f.Equal("storage encryption", aws.ToBool(cluster.StorageEncrypted), true)
	f.Equal("key", aws.ToString(cluster.KmsKeyId), database)
	f.Equal("IAM authentication", aws.ToBool(cluster.IAMDatabaseAuthenticationEnabled), true)
	f.Equal("deletion protection", aws.ToBool(cluster.DeletionProtection), c.cfg.Environment.Protect)
	f.Equal("backup retention in days", int(aws.ToInt32(cluster.BackupRetentionPeriod)), c.cfg.Database.BackupRetentionDays)
	f.Equal("copying of tags to snapshots", aws.ToBool(cluster.CopyTagsToSnapshot), true)
	f.Equal("parameter group", aws.ToString(cluster.DBClusterParameterGroup), c.names.Name(naming.Generic, "database"))
	f.Expect(slices.Contains(cluster.EnabledCloudwatchLogsExports, exportedLog), "exports logs %v, expected %s", cluster.EnabledCloudwatchLogsExports, exportedLog)
	writers := 0
	for _, member := range cluster.DBClusterMembers {
		if aws.ToBool(member.IsClusterWriter) {
			writers++
		}
	}
	f.Equal("number of writers", writers, 1)
	f.Equal("number of members", len(cluster.DBClusterMembers), c.cfg.Database.Instances)
	if cluster.MasterUserSecret == nil {
		return f.Failed(errors.New("RDS does not keep the master password"))
	}
	f.Equal("key of the master secret", aws.ToString(cluster.MasterUserSecret.KmsKeyId), secrets)
	return f.Err()
}

func (c *colorVerifier) checkInstances(ctx context.Context) error {
	f := verify.About("instances of %s", c.clusterID())
	key, err := c.keyARN(ctx, c.alias("database"))
	if err != nil {
		return f.Failed(err)
	}
	answer, err := c.rds.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{Filters: []types.Filter{
		{Name: aws.String("db-cluster-id"), Values: []string{c.clusterID()}},
	}})
	if err != nil {
		return f.Failed(err)
	}
	f.Equal("number", len(answer.DBInstances), c.cfg.Database.Instances)
	zones, tiers := map[string]bool{}, map[int32]bool{}
	for _, instance := range answer.DBInstances {
		i := verify.About("instance %s", aws.ToString(instance.DBInstanceIdentifier))
		i.Equal("status", aws.ToString(instance.DBInstanceStatus), "available")
		i.Equal("public access", aws.ToBool(instance.PubliclyAccessible), false)
		i.Equal("engine version", aws.ToString(instance.EngineVersion), engineVersion)
		i.Equal("automatic minor upgrade", aws.ToBool(instance.AutoMinorVersionUpgrade), false)
		i.Equal("monitoring interval in seconds", aws.ToInt32(instance.MonitoringInterval), int32(monitoringSeconds))
		i.Equal("Performance Insights", aws.ToBool(instance.PerformanceInsightsEnabled), true)
		i.Equal("key of Performance Insights", aws.ToString(instance.PerformanceInsightsKMSKeyId), key)
		zones[aws.ToString(instance.AvailabilityZone)], tiers[aws.ToInt32(instance.PromotionTier)] = true, true
		f.Include(i.Err())
	}
	f.Expect(len(zones) == min(c.cfg.Database.Instances, zoneCount), "stand in zones %v, expected as many as there are members, up to %d",
		slices.Sorted(maps.Keys(zones)), zoneCount)
	f.Equal("number of promotion tiers", len(tiers), c.cfg.Database.Instances)
	return f.Err()
}

func (c *colorVerifier) checkParameters(ctx context.Context) error {
	group := c.names.Name(naming.Generic, "database")
	f := verify.About("parameter group %s", group)
	found := map[string]string{}
	pages := rds.NewDescribeDBClusterParametersPaginator(c.rds, &rds.DescribeDBClusterParametersInput{
		DBClusterParameterGroupName: aws.String(group), Source: aws.String("user"),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return f.Failed(err)
		}
		for _, p := range page.Parameters {
			found[aws.ToString(p.ParameterName)] = aws.ToString(p.ParameterValue)
		}
	}
	for _, p := range parameters() {
		f.Equal(p.name, found[p.name], p.value)
		delete(found, p.name)
	}
	f.Expect(len(found) == 0, "sets %v as well, expected nothing more", found)
	return f.Err()
}

func (c *colorVerifier) checkMasterSecret(ctx context.Context) error {
	f := verify.About("master secret of %s", c.clusterID())
	secret, err := c.secrets.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: aws.String(c.output("masterSecretArn"))})
	if err != nil {
		return f.Failed(err)
	}
	if secret.RotationRules == nil {
		return f.Failed(errors.New("is not rotated"))
	}
	f.Equal("rotation in days", aws.ToInt64(secret.RotationRules.AutomaticallyAfterDays), int64(masterRotationDays))
	return f.Err()
}

// checkSubscriptions expects that somebody hears of every kind of event.
func (v *verifier) checkSubscriptions(ctx context.Context) error {
	f := verify.About("events of the databases")
	answer, err := v.rds.DescribeEventSubscriptions(ctx, &rds.DescribeEventSubscriptionsInput{})
	if err != nil {
		return f.Failed(err)
	}
	found := map[string][]string{}
	for _, s := range answer.EventSubscriptionsList {
		if aws.ToBool(s.Enabled) && len(s.SourceIdsList) == 0 {
			found[aws.ToString(s.SourceType)] = append(found[aws.ToString(s.SourceType)], s.EventCategoriesList...)
		}
	}
	for source, categories := range subscriptions() {
		for _, category := range categories {
			f.Expect(slices.Contains(found[source], category), "nobody is told of %s of any %s", category, source)
		}
	}
	return f.Err()
}
