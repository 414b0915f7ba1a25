package mapping

// schemasResources are the tokens aws:schemas/….
var schemasResources = table{
	"aws_schemas_discoverer":      token("schemas", "Discoverer"),
	"aws_schemas_registry":        token("schemas", "Registry"),
	"aws_schemas_registry_policy": token("schemas", "RegistryPolicy"),
	"aws_schemas_schema":          token("schemas", "Schema"),
}
