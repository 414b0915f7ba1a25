package data

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/tables"
	"github.com/cutover/cutover/shared/verify"
)

func (c *colorVerifier) checkTables(ctx context.Context) error {
	var problems []error
	for _, design := range tables.All() {
		problems = append(problems, c.checkTable(ctx, design))
	}
	return errors.Join(problems...)
}

func (c *colorVerifier) checkTable(ctx context.Context, design tables.Table) error {
	name := c.names.Name(naming.Table, design.Name)
	f, table := c.describeTable(ctx, name, c.alias("sessions"))
	if table == nil {
		return f.Err()
	}
	checkKeys(f, "keys", table.KeySchema, design.Hash, design.Range)
	stream := ""
	if table.StreamSpecification != nil && aws.ToBool(table.StreamSpecification.StreamEnabled) {
		stream = string(table.StreamSpecification.StreamViewType)
	}
	f.Equal("stream", stream, streamView)
	mode := types.BillingModePayPerRequest
	if c.cfg.Tables.Provisioned != nil {
		mode = types.BillingModeProvisioned
	}
	if table.BillingModeSummary != nil {
		f.Equal("billing mode", table.BillingModeSummary.BillingMode, mode)
	}
	f.Equal("number of indexes", len(table.GlobalSecondaryIndexes), len(design.Indexes))
	for _, index := range design.Indexes {
		checkIndex(f, index, table.GlobalSecondaryIndexes)
	}
	life, err := c.dynamo.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: aws.String(name)})
	if err != nil {
		return f.Failed(err)
	}
	f.Equal("time to live", aws.ToString(life.TimeToLiveDescription.AttributeName), design.TTL)
	f.Equal("state of the time to live", life.TimeToLiveDescription.TimeToLiveStatus, types.TimeToLiveStatusEnabled)
	return f.Err()
}

func (v *verifier) checkControlTable(ctx context.Context) error {
	f, table := v.describeTable(ctx, v.names.Name(naming.Table, "control"), v.alias("control"))
	if table != nil {
		checkKeys(f, "keys", table.KeySchema, tables.Attribute{Name: control.HashKey, Type: tables.Text}, tables.Attribute{})
		f.Equal("number of replicas", len(table.Replicas), 0)
	}
	return f.Err()
}

// describeTable checks what every table has: a key of ours, restore to any point
// in time, protection. It returns nil where there is no table.
func (v *verifier) describeTable(ctx context.Context, name, alias string) (*verify.Findings, *types.TableDescription) {
	f := verify.About("table %s", name)
	key, err := v.keyARN(ctx, alias)
	if err != nil {
		_ = f.Failed(err) // f carries it
		return f, nil
	}
	answer, err := v.dynamo.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(name)})
	if err != nil {
		_ = f.Failed(err) // f carries it
		return f, nil
	}
	table := answer.Table
	f.Equal("status", table.TableStatus, types.TableStatusActive)
	used := ""
	if table.SSEDescription != nil && table.SSEDescription.SSEType == types.SSETypeKms {
		used = aws.ToString(table.SSEDescription.KMSMasterKeyArn)
	}
	f.Equal("key", used, key)
	f.Equal("deletion protection", aws.ToBool(table.DeletionProtectionEnabled), v.cfg.Environment.Protect)
	backups, err := v.dynamo.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: aws.String(name)})
	if err != nil {
		_ = f.Failed(err) // f carries it
		return f, table
	}
	recovery := backups.ContinuousBackupsDescription.PointInTimeRecoveryDescription
	f.Expect(recovery != nil && recovery.PointInTimeRecoveryStatus == types.PointInTimeRecoveryStatusEnabled,
		"cannot be restored to any point in time")
	return f, table
}

func checkKeys(f *verify.Findings, what string, schema []types.KeySchemaElement, hash, sort tables.Attribute) {
	found := map[types.KeyType]string{}
	for _, element := range schema {
		found[element.KeyType] = aws.ToString(element.AttributeName)
	}
	f.Equal("hash key of the "+what, found[types.KeyTypeHash], hash.Name)
	f.Equal("range key of the "+what, found[types.KeyTypeRange], sort.Name)
}

func checkIndex(f *verify.Findings, want tables.Index, all []types.GlobalSecondaryIndexDescription) {
	at := slices.IndexFunc(all, func(i types.GlobalSecondaryIndexDescription) bool { return aws.ToString(i.IndexName) == want.Name })
	if at < 0 {
		f.Expect(false, "has no index %s", want.Name)
		return
	}
	index := all[at]
	what := "index " + want.Name
	f.Equal("status of the "+what, index.IndexStatus, types.IndexStatusActive)
	checkKeys(f, what, index.KeySchema, want.Hash, want.Range)
	var included []string
	if index.Projection != nil {
		included = slices.Sorted(slices.Values(index.Projection.NonKeyAttributes))
	}
	f.Expect(slices.Equal(included, slices.Sorted(slices.Values(want.Include))), "%s holds %v, expected %v", what, included, want.Include)
}
