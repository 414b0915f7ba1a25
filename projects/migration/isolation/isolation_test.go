package isolation_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/isolation"
	"github.com/cutover/cutover/shared/naming"
)

type cluster struct{ id, resource, status, group string }

type instance struct{ id, of, status, group string }

// amazon answers as RDS and EC2 do, a page for each cluster and each instance.
type amazon struct {
	clusters  []cluster
	instances []instance
	// ingress are the permissions of each group that EC2 knows.
	ingress map[string]int
	// fails names the action that is refused.
	fails string
	asked []url.Values
}

func (a *amazon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	a.asked = append(a.asked, r.PostForm)
	action := r.PostForm.Get("Action")
	if action == a.fails {
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprint(w, `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>`)
		return
	}
	var at int
	_, _ = fmt.Sscan(r.PostForm.Get("Marker"), &at)
	body, more := "", false
	switch action {
	case "DescribeDBClusters":
		if at < len(a.clusters) {
			c := a.clusters[at]
			body = fmt.Sprintf(`<DBCluster><DBClusterIdentifier>%s</DBClusterIdentifier><DbClusterResourceId>%s</DbClusterResourceId><Status>%s</Status>%s</DBCluster>`, c.id, c.resource, c.status, member(c.group))
			more = at+1 < len(a.clusters)
		}
		body = "<DBClusters>" + body + "</DBClusters>"
	case "DescribeDBInstances":
		if at < len(a.instances) {
			i := a.instances[at]
			body = fmt.Sprintf(`<DBInstance><DBInstanceIdentifier>%s</DBInstanceIdentifier><DBClusterIdentifier>%s</DBClusterIdentifier><DBInstanceStatus>%s</DBInstanceStatus>%s</DBInstance>`, i.id, i.of, i.status, member(i.group))
			more = at+1 < len(a.instances)
		}
		body = "<DBInstances>" + body + "</DBInstances>"
	case "DescribeSecurityGroups":
		_, _ = fmt.Fprintf(w, `<DescribeSecurityGroupsResponse><securityGroupInfo>%s</securityGroupInfo></DescribeSecurityGroupsResponse>`, a.groups(r.PostForm))
		return
	}
	if more {
		body += fmt.Sprintf("<Marker>%d</Marker>", at+1)
	}
	_, _ = fmt.Fprintf(w, `<%[1]sResponse><%[1]sResult>%[2]s</%[1]sResult></%[1]sResponse>`, action, body)
}

func member(group string) string {
	if group == "" {
		return ""
	}
	return `<VpcSecurityGroups><VpcSecurityGroupMembership><VpcSecurityGroupId>` + group + `</VpcSecurityGroupId><Status>active</Status></VpcSecurityGroupMembership></VpcSecurityGroups>`
}

// groups are those that were asked for.
func (a *amazon) groups(form url.Values) string {
	var b strings.Builder
	for n := 1; form.Get(fmt.Sprintf("GroupId.%d", n)) != ""; n++ {
		id := form.Get(fmt.Sprintf("GroupId.%d", n))
		if count, known := a.ingress[id]; known {
			fmt.Fprintf(&b, `<item><groupId>%s</groupId><ipPermissions>%s</ipPermissions></item>`, id, strings.Repeat(`<item><ipProtocol>tcp</ipProtocol><fromPort>5432</fromPort></item>`, count))
		}
	}
	return b.String()
}

func (a *amazon) prove(t *testing.T, side naming.Color) (string, error) {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	cfg := aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String(server.URL), RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	}
	client := rds.NewFromConfig(cfg)
	proven := &isolation.Aurora{
		RDS: client, Instances: client, EC2: ec2.NewFromConfig(cfg),
		Clusters: map[naming.Color]isolation.Cluster{naming.Blue: {ID: "prod-blue", Resource: "cluster-B"}, naming.Green: {ID: "prod-green"}},
	}
	return proven.Prove(t.Context(), side)
}

// shut is a region in which the lost cluster is stopped and closed, beside others.
func shut() *amazon {
	return &amazon{
		clusters:  []cluster{{"prod-green", "cluster-G", "available", "sg-green"}, {"prod-blue", "cluster-B", "stopped", "sg-blue"}},
		instances: []instance{{"g-1", "prod-green", "available", "sg-green"}, {"b-1", "prod-blue", "stopped", "sg-blue"}, {"b-2", "prod-blue", "stopped", "sg-more"}},
		ingress:   map[string]int{"sg-green": 3, "sg-blue": 0, "sg-more": 0},
	}
}

// Both states that are proof, by the side's own cluster whatever else the region has.
func TestAClusterThatIsGoneOrStoppedAndClosedIsShutOff(t *testing.T) {
	evidence, err := shut().prove(t, naming.Blue)
	require.NoError(t, err)
	assert.Equal(t, "cluster prod-blue (cluster-B) and its 2 instances are stopped, and security groups sg-blue, sg-more let nobody in", evidence)
	gone := shut()
	gone.clusters, gone.instances = gone.clusters[:1], gone.instances[:1]
	evidence, err = gone.prove(t, naming.Blue)
	require.NoError(t, err)
	assert.Equal(t, "cluster prod-blue (cluster-B) is gone: RDS has neither its identifier, nor its resource, nor an instance of it", evidence)
}

// Everything else is refused, with what was found and how to bring it about.
func TestWhatIsNoProofIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*amazon)
		says   []string
	}{
		"it runs": {func(a *amazon) { a.clusters[1].status = "available" }, []string{
			"the cluster is available, expected stopped", "aws rds stop-db-cluster --db-cluster-identifier prod-blue",
		}},
		"it is being stopped":       {func(a *amazon) { a.clusters[1].status = "stopping" }, []string{"the cluster is stopping, expected stopped"}},
		"it tells nothing":          {func(a *amazon) { a.clusters[1].status = "" }, []string{"the cluster is , expected stopped"}},
		"an instance still ends":    {func(a *amazon) { a.instances[2].status = "stopping" }, []string{"instance b-2 is stopping, expected stopped"}},
		"it is open when it starts": {func(a *amazon) { a.ingress["sg-blue"] = 2 }, []string{"security group sg-blue has 2 ingress permissions, expected none", "aws ec2 revoke-security-group-ingress --group-id sg-blue"}},
		"an instance's own group":   {func(a *amazon) { a.ingress["sg-more"] = 1 }, []string{"security group sg-more has 1 ingress permissions"}},
		"a group that nobody knows": {func(a *amazon) { delete(a.ingress, "sg-blue") }, []string{"EC2 does not tell the rules of security group sg-blue"}},
		"no group": {func(a *amazon) {
			a.clusters[1].group, a.instances[1].group, a.instances[2].group = "", "", ""
		}, []string{"names no security group"}},
		"it was renamed":                 {func(a *amazon) { a.clusters[1].id = "old-blue" }, []string{"1 clusters of that identifier or resource [old-blue (cluster-B), stopped]"}},
		"another answers under its name": {func(a *amazon) { a.clusters[1].resource = "cluster-X" }, []string{"[prod-blue (cluster-X), stopped]"}},
		"both": {func(a *amazon) {
			a.clusters = append(a.clusters, cluster{"old-blue", "cluster-B", "stopped", "sg-blue"})
			a.clusters[1].resource = "cluster-X"
		}, []string{"2 clusters of that identifier or resource"}},
		"an instance is left":        {func(a *amazon) { a.clusters = a.clusters[:1] }, []string{"0 clusters", "2 instances [b-1, stopped; b-2, stopped]"}},
		"clusters cannot be asked":   {func(a *amazon) { a.fails = "DescribeDBClusters" }, []string{"ask RDS for its clusters", "AccessDenied"}},
		"instances cannot be asked":  {func(a *amazon) { a.fails = "DescribeDBInstances" }, []string{"ask RDS for its instances"}},
		"the groups cannot be asked": {func(a *amazon) { a.fails = "DescribeSecurityGroups" }, []string{"ask EC2 for security groups sg-blue, sg-more"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := shut()
			c.change(a)
			evidence, err := a.prove(t, naming.Blue)
			require.Error(t, err)
			assert.Empty(t, evidence)
			for _, part := range c.says {
				assert.ErrorContains(t, err, part)
			}
		})
	}
	a := shut()
	_, err := a.prove(t, naming.Green)
	require.ErrorIs(t, err, isolation.ErrOpen, "half of an identity is none")
	require.Empty(t, a.asked)
}
