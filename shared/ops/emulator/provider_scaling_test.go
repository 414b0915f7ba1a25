//go:build provider

package emulator

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

// scaledTable has provisioned capacity, also in its index, that a deployment
// leaves alone.
func scaledTable(p *plan) {
	capacity := func(m pulumi.Map) pulumi.Map {
		m["readCapacity"], m["writeCapacity"] = pulumi.Int(5), pulumi.Int(5)
		return m
	}
	p.add("aws:dynamodb/table:Table", "sessions", capacity(pulumi.Map{
		"name": str("sessions"), "billingMode": str("PROVISIONED"), "hashKey": str("pk"),
		"attributes": pulumi.Array{pulumi.Map{"name": str("pk"), "type": str("S")}, pulumi.Map{"name": str("user"), "type": str("S")}},
		"globalSecondaryIndexes": pulumi.Array{capacity(pulumi.Map{
			"name": str("by-user"), "hashKey": str("user"), "projectionType": str("KEYS_ONLY"),
		})},
	}), pulumi.IgnoreChanges([]string{
		"readCapacity", "writeCapacity", "globalSecondaryIndexes[*].readCapacity", "globalSecondaryIndexes[*].writeCapacity",
	}))
}

// Application Auto Scaling changes capacities between deployments. A deployment
// that took them back would throttle the platform at its busiest hour.
func TestProviderLeavesCapacityThatWasScaledBetweenDeployments(t *testing.T) {
	tools := mustToolchain(t)
	e, _ := newEmulator(t)
	ctx := context.Background()
	require.NoError(t, e.Up(ctx))
	stack := newStack(t, e, tools, scaledTable)
	_, err := stack.Up(ctx)
	require.NoError(t, err)

	env := e.Env()
	client := dynamodb.New(dynamodb.Options{
		Region: Region, BaseEndpoint: aws.String(env["AWS_ENDPOINT_URL"]),
		Credentials: credentials.NewStaticCredentialsProvider(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], ""),
	})
	scaled := &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(40), WriteCapacityUnits: aws.Int64(30)}
	_, err = client.UpdateTable(ctx, &dynamodb.UpdateTableInput{
		TableName: aws.String("sessions"), ProvisionedThroughput: scaled,
		GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{
			{Update: &types.UpdateGlobalSecondaryIndexAction{IndexName: aws.String("by-user"), ProvisionedThroughput: scaled}},
		},
	})
	require.NoError(t, err)
	_, err = stack.Refresh(ctx)
	require.NoError(t, err)

	_, err = stack.Up(ctx, optup.ExpectNoChanges(), optup.Diff(), optup.ProgressStreams(testWriter{t}))
	require.NoError(t, err)
	answer, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("sessions")})
	require.NoError(t, err)
	require.EqualValues(t, 40, *answer.Table.ProvisionedThroughput.ReadCapacityUnits)
	require.EqualValues(t, 30, *answer.Table.GlobalSecondaryIndexes[0].ProvisionedThroughput.WriteCapacityUnits)
	_, err = stack.Destroy(ctx)
	require.NoError(t, err)
}
