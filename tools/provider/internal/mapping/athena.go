package mapping

// athenaResources are the tokens aws:athena/….
var athenaResources = table{
	"aws_athena_data_catalog":       token("athena", "DataCatalog"),
	"aws_athena_database":           token("athena", "Database"),
	"aws_athena_named_query":        token("athena", "NamedQuery"),
	"aws_athena_prepared_statement": token("athena", "PreparedStatement"),
	"aws_athena_workgroup":          token("athena", "Workgroup"),
}
