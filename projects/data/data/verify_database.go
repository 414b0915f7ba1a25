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
)

func (c *colorVerifier) checkCluster(ctx context.Context) error {
	f := &findings{about: "cluster " + c.clusterID()}
	database, err := c.keyARN(ctx, c.alias("database"))
	if err != nil {
		return f.failed(err)
	}
	secrets, err := c.keyARN(ctx, c.alias("secrets"))
	if err != nil {
		return f.failed(err)
	}
	answer, err := c.rds.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String(c.clusterID())})
	if err != nil {
		return f.failed(err)
	}
	if len(answer.DBClusters) != 1 {
		return f.failed(errors.New("does not exist"))
	}
	cluster := answer.DBClusters[0]
	f.equal("status", aws.ToString(cluster.Status), "available")
	f.equal("engine", aws.ToString(cluster.Engine)+" "+aws.ToString(cluster.EngineVersion), engine+" "+engineVersion)
	f.equal("port", aws.ToInt32(cluster.Port), int32(catalog.DatabasePort))
	f.equal("storage encryption", aws.ToBool(cluster.StorageEncrypted), true)
	f.equal("key", aws.ToString(cluster.KmsKeyId), database)
	f.equal("IAM authentication", aws.ToBool(cluster.IAMDatabaseAuthenticationEnabled), true)
	f.equal("deletion protection", aws.ToBool(cluster.DeletionProtection), c.cfg.Environment.Protect)
	f.equal("backup retention in days", aws.ToInt32(cluster.BackupRetentionPeriod), int32(c.cfg.Database.BackupRetentionDays))
	f.equal("copying of tags to snapshots", aws.ToBool(cluster.CopyTagsToSnapshot), true)
	f.equal("parameter group", aws.ToString(cluster.DBClusterParameterGroup), c.names.Name(naming.Generic, "database"))
	f.expect(slices.Contains(cluster.EnabledCloudwatchLogsExports, exportedLog), "exports logs %v, expected %s", cluster.EnabledCloudwatchLogsExports, exportedLog)
	writers := 0
	for _, member := range cluster.DBClusterMembers {
		if aws.ToBool(member.IsClusterWriter) {
			writers++
		}
	}
	f.equal("number of writers", writers, 1)
	f.equal("number of members", len(cluster.DBClusterMembers), c.cfg.Database.Instances)
	if cluster.MasterUserSecret == nil {
		return f.failed(errors.New("RDS does not keep the master password"))
	}
	f.equal("key of the master secret", aws.ToString(cluster.MasterUserSecret.KmsKeyId), secrets)
	return f.err()
}

func (c *colorVerifier) checkInstances(ctx context.Context) error {
	f := &findings{about: "instances of " + c.clusterID()}
	key, err := c.keyARN(ctx, c.alias("database"))
	if err != nil {
		return f.failed(err)
	}
	answer, err := c.rds.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{Filters: []types.Filter{
		{Name: aws.String("db-cluster-id"), Values: []string{c.clusterID()}},
	}})
	if err != nil {
		return f.failed(err)
	}
	f.equal("number", len(answer.DBInstances), c.cfg.Database.Instances)
	zones, tiers := map[string]bool{}, map[int32]bool{}
	for _, instance := range answer.DBInstances {
		i := &findings{about: "instance " + aws.ToString(instance.DBInstanceIdentifier)}
		i.equal("status", aws.ToString(instance.DBInstanceStatus), "available")
		i.equal("public access", aws.ToBool(instance.PubliclyAccessible), false)
		i.equal("engine version", aws.ToString(instance.EngineVersion), engineVersion)
		i.equal("automatic minor upgrade", aws.ToBool(instance.AutoMinorVersionUpgrade), false)
		i.equal("monitoring interval in seconds", aws.ToInt32(instance.MonitoringInterval), int32(monitoringSeconds))
		i.equal("Performance Insights", aws.ToBool(instance.PerformanceInsightsEnabled), true)
		i.equal("key of Performance Insights", aws.ToString(instance.PerformanceInsightsKMSKeyId), key)
		zones[aws.ToString(instance.AvailabilityZone)], tiers[aws.ToInt32(instance.PromotionTier)] = true, true
		f.list = append(f.list, i.list...)
	}
	f.expect(len(zones) == min(c.cfg.Database.Instances, zoneCount), "stand in zones %v, expected as many as there are members, up to %d",
		slices.Sorted(maps.Keys(zones)), zoneCount)
	f.equal("number of promotion tiers", len(tiers), c.cfg.Database.Instances)
	return f.err()
}

func (c *colorVerifier) checkParameters(ctx context.Context) error {
	group := c.names.Name(naming.Generic, "database")
	f := &findings{about: "parameter group " + group}
	found := map[string]string{}
	pages := rds.NewDescribeDBClusterParametersPaginator(c.rds, &rds.DescribeDBClusterParametersInput{
		DBClusterParameterGroupName: aws.String(group), Source: aws.String("user"),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return f.failed(err)
		}
		for _, p := range page.Parameters {
			found[aws.ToString(p.ParameterName)] = aws.ToString(p.ParameterValue)
		}
	}
	for _, p := range parameters() {
		f.equal(p.name, found[p.name], p.value)
		delete(found, p.name)
	}
	f.expect(len(found) == 0, "sets %v as well, expected nothing more", found)
	return f.err()
}

func (c *colorVerifier) checkMasterSecret(ctx context.Context) error {
	f := &findings{about: "master secret of " + c.clusterID()}
	secret, err := c.secrets.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: aws.String(c.output("masterSecretArn"))})
	if err != nil {
		return f.failed(err)
	}
	if secret.RotationRules == nil {
		return f.failed(errors.New("is not rotated"))
	}
	f.equal("rotation in days", aws.ToInt64(secret.RotationRules.AutomaticallyAfterDays), int64(masterRotationDays))
	return f.err()
}

// checkSubscriptions expects that somebody hears of every kind of event.
func (v *verifier) checkSubscriptions(ctx context.Context) error {
	f := &findings{about: "events of the databases"}
	answer, err := v.rds.DescribeEventSubscriptions(ctx, &rds.DescribeEventSubscriptionsInput{})
	if err != nil {
		return f.failed(err)
	}
	found := map[string][]string{}
	for _, s := range answer.EventSubscriptionsList {
		if aws.ToBool(s.Enabled) && len(s.SourceIdsList) == 0 {
			found[aws.ToString(s.SourceType)] = append(found[aws.ToString(s.SourceType)], s.EventCategoriesList...)
		}
	}
	for source, categories := range subscriptions() {
		for _, category := range categories {
			f.expect(slices.Contains(found[source], category), "nobody is told of %s of any %s", category, source)
		}
	}
	return f.err()
}
