package mapping

// dynamodbResources are the tokens aws:dynamodb/….
var dynamodbResources = table{
	"aws_dynamodb_contributor_insights":          token("dynamodb", "ContributorInsights"),
	"aws_dynamodb_global_table":                  token("dynamodb", "GlobalTable"),
	"aws_dynamodb_kinesis_streaming_destination": token("dynamodb", "KinesisStreamingDestination"),
	"aws_dynamodb_resource_policy":               token("dynamodb", "ResourcePolicy"),
	"aws_dynamodb_table": token("dynamodb", "Table",
		named("global_secondary_index", "globalSecondaryIndexes"),
		named("local_secondary_index", "localSecondaryIndexes"),
	),
	"aws_dynamodb_table_export":  token("dynamodb", "TableExport"),
	"aws_dynamodb_table_item":    token("dynamodb", "TableItem"),
	"aws_dynamodb_table_replica": token("dynamodb", "TableReplica"),
	"aws_dynamodb_tag":           token("dynamodb", "Tag"),
}
