// Package isolation asks AWS whether nobody can write to a database that answers
// nobody. It only reads, and takes no name from a person: the cluster is the one that
// the data layer has made, by its identifier and by the id that AWS gave it, which no
// renaming changes and no other cluster gets.
//
// Two states are proof (ADR 060). The cluster is gone. Or it is stopped with all its
// instances, which has ended every connection, and none of their security groups lets
// one in, which keeps writers out when it is started again: AWS does that by itself
// after seven days. Anything else is refused, with what was found.
package isolation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/shared/naming"
)

var _ switching.Isolation = (*Aurora)(nil)

// Cluster is a database cluster as the data layer knows it.
type Cluster struct {
	// ID is its identifier, Resource the id that AWS gave it, such as cluster-ABC….
	ID       string `json:"id"`
	Resource string `json:"resource"`
}

// Aurora proves that clusters of Amazon Aurora are shut off.
type Aurora struct {
	RDS rds.DescribeDBClustersAPIClient
	// Instances is the same service.
	Instances rds.DescribeDBInstancesAPIClient
	EC2       ec2.DescribeSecurityGroupsAPIClient
	// Clusters are those of both sides.
	Clusters map[naming.Color]Cluster
}

// ErrOpen tells that it is not shown that nobody can write.
var ErrOpen = errors.New("it is not shown that nobody can write to it")

// stopped is the status of a cluster, and of an instance, that does not run (Amazon
// Aurora user guide, "Viewing DB cluster status").
const stopped = "stopped"

// Prove returns what shows that nobody can write to a side. All clusters and instances
// of the region are read: a cluster that was renamed, or another one that answers under
// its name, must not be overlooked.
func (a *Aurora) Prove(ctx context.Context, side naming.Color) (evidence string, err error) {
	want := a.Clusters[side]
	if want.ID == "" || want.Resource == "" {
		return "", fmt.Errorf("%s: %w: the function was not told which cluster it has: deploy the migration layer", side, ErrOpen)
	}
	clusters, err := a.clusters(ctx, want)
	if err != nil {
		return "", err
	}
	instances, err := a.instances(ctx, want, clusters)
	switch {
	case err != nil:
		return "", err
	case len(clusters) == 0 && len(instances) == 0:
		return fmt.Sprintf("cluster %s (%s) is gone: RDS has neither its identifier, nor its resource, nor an instance of it", want.ID, want.Resource), nil
	case len(clusters) == 1 && aws.ToString(clusters[0].DBClusterIdentifier) == want.ID && aws.ToString(clusters[0].DbClusterResourceId) == want.Resource:
		return a.closed(ctx, want, clusters[0], instances)
	}
	return "", want.open(nil, fmt.Sprintf("RDS has %s and %s", named(clusters), members(instances)))
}

// clusters are all that bear the identifier or the resource of a cluster.
func (a *Aurora) clusters(ctx context.Context, want Cluster) (found []types.DBCluster, err error) {
	for pages := rds.NewDescribeDBClustersPaginator(a.RDS, &rds.DescribeDBClustersInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("ask RDS for its clusters: %w", err)
		}
		for _, each := range page.DBClusters {
			if strings.EqualFold(aws.ToString(each.DBClusterIdentifier), want.ID) || aws.ToString(each.DbClusterResourceId) == want.Resource {
				found = append(found, each)
			}
		}
	}
	return found, nil
}

// instances are all that belong to a cluster, by whatever name it has now.
func (a *Aurora) instances(ctx context.Context, want Cluster, clusters []types.DBCluster) (found []types.DBInstance, err error) {
	names := map[string]bool{strings.ToLower(want.ID): true}
	for _, each := range clusters {
		names[strings.ToLower(aws.ToString(each.DBClusterIdentifier))] = true
	}
	for pages := rds.NewDescribeDBInstancesPaginator(a.Instances, &rds.DescribeDBInstancesInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("ask RDS for its instances: %w", err)
		}
		for _, each := range page.DBInstances {
			if names[strings.ToLower(aws.ToString(each.DBClusterIdentifier))] {
				found = append(found, each)
			}
		}
	}
	return found, nil
}

// closed shows that a cluster is stopped with all its instances, and that none of their
// security groups lets anybody in.
func (a *Aurora) closed(ctx context.Context, want Cluster, cluster types.DBCluster, instances []types.DBInstance) (string, error) {
	groups := map[string]bool{}
	for _, each := range cluster.VpcSecurityGroups {
		groups[aws.ToString(each.VpcSecurityGroupId)] = true
	}
	var wrong []string
	if status := aws.ToString(cluster.Status); status != stopped {
		wrong = append(wrong, fmt.Sprintf("the cluster is %s, expected %s", status, stopped))
	}
	for _, each := range instances {
		if status := aws.ToString(each.DBInstanceStatus); status != stopped {
			wrong = append(wrong, fmt.Sprintf("instance %s is %s, expected %s", aws.ToString(each.DBInstanceIdentifier), status, stopped))
		}
		for _, group := range each.VpcSecurityGroups {
			groups[aws.ToString(group.VpcSecurityGroupId)] = true
		}
	}
	ids := slices.Sorted(maps.Keys(groups))
	rules, err := a.rules(ctx, ids)
	if err != nil {
		return "", err
	}
	for _, id := range ids {
		if count, known := rules[id]; !known {
			wrong = append(wrong, fmt.Sprintf("EC2 does not tell the rules of security group %s", id))
		} else if count > 0 {
			wrong = append(wrong, fmt.Sprintf("security group %s has %d ingress permissions, expected none", id, count))
		}
	}
	if len(ids) == 0 {
		wrong = append(wrong, "RDS names no security group of it, expected one at least")
	}
	if len(wrong) > 0 {
		return "", want.open(ids, wrong...)
	}
	return fmt.Sprintf("cluster %s (%s) and its %d instances are stopped, and security groups %s let nobody in", want.ID, want.Resource,
		len(instances), strings.Join(ids, ", ")), nil
}

// rules counts the ingress permissions of groups.
func (a *Aurora) rules(ctx context.Context, ids []string) (map[string]int, error) {
	found := map[string]int{}
	if len(ids) == 0 { // without ids EC2 would answer with all groups
		return found, nil
	}
	for pages := ec2.NewDescribeSecurityGroupsPaginator(a.EC2, &ec2.DescribeSecurityGroupsInput{GroupIds: ids}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("ask EC2 for security groups %s: %w", strings.Join(ids, ", "), err)
		}
		for _, group := range page.SecurityGroups {
			found[aws.ToString(group.GroupId)] = len(group.IpPermissions)
		}
	}
	return found, nil
}

// open is the error of what is no proof, with the acts that bring it about.
func (c Cluster) open(groups []string, wrong ...string) error {
	text := "aws rds stop-db-cluster --db-cluster-identifier " + c.ID
	for _, group := range groups {
		text += fmt.Sprintf("; aws ec2 revoke-security-group-ingress --group-id %s --security-group-rule-ids "+
			"$(aws ec2 describe-security-group-rules --filters Name=group-id,Values=%s --query 'SecurityGroupRules[?!IsEgress].SecurityGroupRuleId' --output text)", group, group)
	}
	return fmt.Errorf("cluster %s (%s): %w: %s; expected it gone, or stopped with security groups that let nobody in. Until RDS calls it and its instances %s: %s",
		c.ID, c.Resource, ErrOpen, strings.Join(wrong, "; "), stopped, text)
}

func named(clusters []types.DBCluster) string {
	all := make([]string, len(clusters))
	for i, each := range clusters {
		all[i] = fmt.Sprintf("%s (%s), %s", aws.ToString(each.DBClusterIdentifier), aws.ToString(each.DbClusterResourceId), aws.ToString(each.Status))
	}
	return fmt.Sprintf("%d clusters of that identifier or resource [%s]", len(clusters), strings.Join(all, "; "))
}

func members(instances []types.DBInstance) string {
	all := make([]string, len(instances))
	for i, each := range instances {
		all[i] = aws.ToString(each.DBInstanceIdentifier) + ", " + aws.ToString(each.DBInstanceStatus)
	}
	return fmt.Sprintf("%d instances [%s]", len(instances), strings.Join(all, "; "))
}
