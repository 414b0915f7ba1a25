package data

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/tables"
	"github.com/cutover/cutover/shared/verify"
)

func TestDenialsToEverybodyAreReadInEitherForm(t *testing.T) {
	denials, err := readDenials(`{"Statement": [
		{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
		{"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": ["a", "b"], "Condition": {"NumericLessThan": {"s3:TlsVersion": ["1.2"]}}},
		{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": ["true"]}}},
		{"Effect": "Deny", "Principal": {"AWS": ["arn:x"]}, "Action": "c"},
		{"Effect": "Deny", "Principal": {"Service": "*"}, "Action": "d"}
	]}`)
	require.NoError(t, err)
	assert.Equal(t, []denial{
		{actions: []string{"s3:*"}, conditions: map[string][]string{"aws:SecureTransport": {"false"}}},
		{actions: []string{"a", "b"}, conditions: map[string][]string{"s3:TlsVersion": {"1.2"}}},
	}, denials)
	for _, text := range []string{"no JSON", `{"Statement": [{"Action": 1}]}`} {
		_, err = readDenials(text)
		require.ErrorContains(t, err, "read ")
	}
}

func description(want tables.Index) types.GlobalSecondaryIndexDescription {
	return types.GlobalSecondaryIndexDescription{
		IndexName: aws.String(want.Name), IndexStatus: types.IndexStatusActive,
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String(want.Hash.Name), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String(want.Range.Name), KeyType: types.KeyTypeRange},
		},
		Projection: &types.Projection{NonKeyAttributes: want.Include},
	}
}

func TestAnIndexIsComparedInFull(t *testing.T) {
	want := tables.Sessions().Indexes[0]
	cases := map[string]struct {
		spoil func(*types.GlobalSecondaryIndexDescription)
		seen  string
	}{
		"as designed":   {func(*types.GlobalSecondaryIndexDescription) {}, ""},
		"another name":  {func(d *types.GlobalSecondaryIndexDescription) { d.IndexName = aws.String("by-x") }, "has no index by-user"},
		"being made":    {func(d *types.GlobalSecondaryIndexDescription) { d.IndexStatus = types.IndexStatusCreating }, "status of the index by-user is CREATING"},
		"another key":   {func(d *types.GlobalSecondaryIndexDescription) { d.KeySchema[0].AttributeName = aws.String("x") }, "hash key of the index by-user is x"},
		"no range":      {func(d *types.GlobalSecondaryIndexDescription) { d.KeySchema = d.KeySchema[:1] }, "range key of the index by-user is , expected created_at"},
		"less inside":   {func(d *types.GlobalSecondaryIndexDescription) { d.Projection.NonKeyAttributes = nil }, "index by-user holds []"},
		"no projection": {func(d *types.GlobalSecondaryIndexDescription) { d.Projection = nil }, "index by-user holds []"},
		"marker inside": {func(d *types.GlobalSecondaryIndexDescription) {
			d.Projection.NonKeyAttributes = append([]string{tables.Marker}, want.Include...)
		}, "holds [_bg"},
		"another order ": {func(d *types.GlobalSecondaryIndexDescription) {
			d.Projection.NonKeyAttributes = []string{want.Include[1], want.Include[0]}
		}, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			found := description(want)
			c.spoil(&found)
			f := verify.About("table t")
			checkIndex(f, want, []types.GlobalSecondaryIndexDescription{found})
			if c.seen == "" {
				require.NoError(t, f.Err())
				return
			}
			require.ErrorContains(t, f.Err(), "table t: ")
			require.ErrorContains(t, f.Err(), c.seen)
		})
	}
}

// Names that verify asks for are those that the program gives.
func TestVerifyKnowsTheNamesOfTheProgram(t *testing.T) {
	v := &verifier{names: naming.New("prod"), outputs: map[string]any{"greenMasterSecretArn": "arn:s"}}
	c := v.in(naming.Green)
	assert.Equal(t, "cutover-prod-green-database", c.clusterID())
	assert.Equal(t, "alias/cutover/prod/green/sessions", c.alias("sessions"))
	assert.Equal(t, "alias/cutover/prod/audit", v.alias("audit"))
	assert.Equal(t, "arn:s", c.output("masterSecretArn"))
	assert.Equal(t, "/aws/rds/cluster/cutover-prod-green-database/postgresql", postgresLog(c.clusterID()))
}
