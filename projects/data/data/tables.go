package data

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/tables"
)

const (
	// streamView is what the functions that copy a table need of each change
	// (Amazon DynamoDB API reference, StreamSpecification).
	streamView = "NEW_AND_OLD_IMAGES"
	onDemand   = "PAY_PER_REQUEST"
	byCapacity = "PROVISIONED"
	// classTag says what the migration does with a table or bucket.
	classTag = "MigrationClass"
)

// Table is what others need to know of a table of the applications.
type Table struct {
	Name, ARN, StreamARN pulumi.StringOutput
}

// addTables makes the tables of the applications.
func (s *Stores) addTables(ctx *pulumi.Context, name string, args *StoresArgs) error {
	s.Tables = make(map[string]Table)
	for _, design := range tables.All() {
		table, err := s.addTable(ctx, name, args, design)
		if err != nil {
			return err
		}
		s.Tables[design.Name] = table
	}
	return nil
}

func (s *Stores) addTable(ctx *pulumi.Context, name string, args *StoresArgs, design tables.Table) (Table, error) {
	physical := args.tableName(design)
	made := &dynamodb.TableArgs{
		Name:                      pulumi.String(physical),
		HashKey:                   pulumi.String(design.Hash.Name),
		Attributes:                attributes(design),
		BillingMode:               pulumi.String(onDemand),
		StreamEnabled:             pulumi.Bool(true),
		StreamViewType:            pulumi.String(streamView),
		Ttl:                       dynamodb.TableTtlArgs{AttributeName: pulumi.String(design.TTL), Enabled: pulumi.Bool(true)},
		PointInTimeRecovery:       dynamodb.TablePointInTimeRecoveryArgs{Enabled: pulumi.Bool(true)},
		ServerSideEncryption:      dynamodb.TableServerSideEncryptionArgs{Enabled: pulumi.Bool(true), KmsKeyArn: args.Principals.SessionsKeyARN},
		DeletionProtectionEnabled: pulumi.Bool(args.Config.Environment.Protect),
		Tags:                      pulumi.StringMap{"Name": pulumi.String(physical), classTag: pulumi.String(design.Class)},
	}
	if design.Range.Name != "" {
		made.RangeKey = pulumi.String(design.Range.Name)
	}
	provisioned := args.Config.Tables.Provisioned
	if provisioned != nil {
		made.BillingMode = pulumi.String(byCapacity)
		made.ReadCapacity, made.WriteCapacity = pulumi.Int(provisioned.ReadMin), pulumi.Int(provisioned.WriteMin)
	}
	made.GlobalSecondaryIndexes = indexes(design, provisioned)
	opts := component.Stateful(args.Config.Environment, pulumi.Parent(s))
	if provisioned != nil {
		opts = append(opts, pulumi.IgnoreChanges(scaledProperties()))
	}
	table, err := dynamodb.NewTable(ctx, name+"-"+design.Name, made, opts...)
	if err != nil {
		return Table{}, fmt.Errorf("table %s: %w", physical, err)
	}
	if provisioned != nil {
		if err := s.addScaling(ctx, name, args, design, table); err != nil {
			return Table{}, err
		}
	}
	return Table{Name: table.Name, ARN: table.Arn, StreamARN: table.StreamArn}, nil
}

func (a *StoresArgs) tableName(design tables.Table) string {
	return a.Names.Name(naming.Table, design.Name)
}

func attributes(design tables.Table) dynamodb.TableAttributeArray {
	var list dynamodb.TableAttributeArray
	for _, a := range design.Attributes() {
		list = append(list, dynamodb.TableAttributeArgs{Name: pulumi.String(a.Name), Type: pulumi.String(a.Type)})
	}
	return list
}

func indexes(design tables.Table, provisioned *Provisioned) dynamodb.TableGlobalSecondaryIndexArray {
	var list dynamodb.TableGlobalSecondaryIndexArray
	for _, index := range design.Indexes {
		made := dynamodb.TableGlobalSecondaryIndexArgs{
			Name:           pulumi.String(index.Name),
			HashKey:        pulumi.String(index.Hash.Name),
			RangeKey:       pulumi.String(index.Range.Name),
			ProjectionType: pulumi.String("KEYS_ONLY"),
		}
		if len(index.Include) > 0 {
			made.ProjectionType = pulumi.String("INCLUDE")
			made.NonKeyAttributes = pulumi.ToStringArray(index.Include)
		}
		if provisioned != nil {
			made.ReadCapacity, made.WriteCapacity = pulumi.Int(provisioned.ReadMin), pulumi.Int(provisioned.WriteMin)
		}
		list = append(list, made)
	}
	return list
}
