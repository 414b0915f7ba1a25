package steeringtest

import (
	"context"
	"net"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/emulator"
	"github.com/cutover/cutover/shared/ops/steering"
	"github.com/cutover/cutover/shared/traffic"
)

// StartEmulator starts an emulator for this test, with the variables that lead
// AWS's SDK to it. It ends with the test.
func StartEmulator(t *testing.T) aws.Config {
	t.Helper()
	_, here, _, found := runtime.Caller(0)
	require.True(t, found)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	local := emulator.New(emulator.Options{
		RepoRoot: filepath.Join(filepath.Dir(here), "../../../.."), StateDir: t.TempDir(), Addr: listener.Addr().String(),
	})
	t.Cleanup(func() { require.NoError(t, local.Down(context.Background())) })
	require.NoError(t, local.Up(t.Context()))
	for name, value := range local.Env() {
		t.Setenv(name, value)
	}
	cloud, err := awsconfig.LoadDefaultConfig(t.Context())
	require.NoError(t, err)
	cloud.HTTPClient = emulator.HTTPClient()
	return cloud
}

// Domain and PublicName are those of an estate.
const (
	Domain     = "estate.example"
	PublicName = "pay.estate.example"
)

// zoneOfBalancers is the hosted zone of the balancers of us-east-1 (AWS general
// reference, "Elastic Load Balancing endpoints").
const zoneOfBalancers = "Z35SXDOTRQ7X7K"

// MakeZone makes, through the API of Route 53, what the edge layer leaves there for
// a split: the zone, a probe and an admission check for each colour, the weighted
// records.
func MakeZone(t *testing.T, cloud aws.Config, split traffic.Split) traffic.Place {
	t.Helper()
	ctx, client := t.Context(), route53.NewFromConfig(cloud)
	zone, err := client.CreateHostedZone(ctx, &route53.CreateHostedZoneInput{Name: aws.String(Domain), CallerReference: aws.String(t.Name())})
	require.NoError(t, err)
	place := traffic.Place{ZoneID: bareID(zone.HostedZone.Id), PublicName: PublicName}
	for _, color := range naming.Colors() {
		probe := makeCheck(t, client, &types.HealthCheckConfig{
			Type: types.HealthCheckTypeHttps, FullyQualifiedDomainName: aws.String(string(color) + "." + PublicName), Port: aws.Int32(443),
			ResourcePath: aws.String("/payments/health"), RequestInterval: aws.Int32(10), FailureThreshold: aws.Int32(3),
		})
		entrance := traffic.Entrance{
			Ready: true, Endpoint: string(color) + ".elb.example", EndpointZone: zoneOfBalancers, Payments: probe,
			HealthCheck: makeCheck(t, client, &types.HealthCheckConfig{
				Type: types.HealthCheckTypeCalculated, ChildHealthChecks: []string{probe}, HealthThreshold: aws.Int32(1),
				Disabled: aws.Bool(split.Shut(color)), Inverted: aws.Bool(split.Shut(color)),
			}),
		}
		if color == naming.Blue {
			place.Blue = entrance
		} else {
			place.Green = entrance
		}
		WriteRecord(t, cloud, place, color, split.Weight(color))
	}
	return place
}

func makeCheck(t *testing.T, client *route53.Client, check *types.HealthCheckConfig) string {
	t.Helper()
	made, err := client.CreateHealthCheck(t.Context(), &route53.CreateHealthCheckInput{
		CallerReference: aws.String(time.Now().Format(time.RFC3339Nano)), HealthCheckConfig: check,
	})
	require.NoError(t, err)
	return aws.ToString(made.HealthCheck.Id)
}

// WriteRecord writes a colour's weighted record, as somebody may do by hand.
func WriteRecord(t *testing.T, cloud aws.Config, place traffic.Place, color naming.Color, weight int) {
	t.Helper()
	changeRecord(t, cloud, types.ChangeActionUpsert, place, color, weight)
}

// DeleteRecord deletes a colour's weighted record, which has to have that weight.
func DeleteRecord(t *testing.T, cloud aws.Config, place traffic.Place, color naming.Color, weight int) {
	t.Helper()
	changeRecord(t, cloud, types.ChangeActionDelete, place, color, weight)
}

func changeRecord(t *testing.T, cloud aws.Config, action types.ChangeAction, place traffic.Place, color naming.Color, weight int) {
	t.Helper()
	entrance := place.Of(color)
	_, err := route53.NewFromConfig(cloud).ChangeResourceRecordSets(t.Context(), &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: aws.String(place.ZoneID),
		ChangeBatch: &types.ChangeBatch{Changes: []types.Change{{Action: action, ResourceRecordSet: &types.ResourceRecordSet{
			Name: aws.String(place.PublicName), Type: types.RRTypeA, SetIdentifier: aws.String(string(color)), Weight: aws.Int64(int64(weight)),
			HealthCheckId: aws.String(entrance.HealthCheck),
			AliasTarget:   &types.AliasTarget{DNSName: aws.String(entrance.Endpoint), HostedZoneId: aws.String(entrance.EndpointZone)},
		}}}},
	})
	require.NoError(t, err)
}

func bareID(id *string) string { return filepath.Base(aws.ToString(id)) }

// MakeTable makes a control table of that name.
func MakeTable(t *testing.T, cloud aws.Config, name string) *steering.Dynamo {
	t.Helper()
	client := dynamodb.NewFromConfig(cloud)
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String(name), BillingMode: dbtypes.BillingModePayPerRequest,
		KeySchema:            []dbtypes.KeySchemaElement{{AttributeName: aws.String(control.HashKey), KeyType: dbtypes.KeyTypeHash}},
		AttributeDefinitions: []dbtypes.AttributeDefinition{{AttributeName: aws.String(control.HashKey), AttributeType: dbtypes.ScalarAttributeTypeS}},
	})
	require.NoError(t, err)
	return &steering.Dynamo{Client: client, Name: name}
}

// MakeVault makes a bucket of that name and returns the vault in it.
func MakeVault(t *testing.T, cloud aws.Config, name string) *steering.Bucket {
	t.Helper()
	client := s3.NewFromConfig(cloud, func(o *s3.Options) { o.UsePathStyle = true })
	_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(name)})
	require.NoError(t, err)
	return &steering.Bucket{Client: client, Name: name, Prefix: "cutover/local/edge"}
}
