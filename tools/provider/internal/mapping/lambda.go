package mapping

// lambdaResources are the tokens aws:lambda/….
var lambdaResources = table{
	"aws_lambda_alias":                token("lambda", "Alias"),
	"aws_lambda_code_signing_config":  token("lambda", "CodeSigningConfig"),
	"aws_lambda_event_source_mapping": token("lambda", "EventSourceMapping"),
	"aws_lambda_function": token("lambda", "Function",
		archive("filename", "code", "source_code_hash"),
		autonamed("function_name", "name", 64),
		many("architectures", "architectures"),
	),
	"aws_lambda_function_event_invoke_config": token("lambda", "FunctionEventInvokeConfig"),
	"aws_lambda_function_recursion_config":    token("lambda", "FunctionRecursionConfig", identified(",", "functionName")),
	"aws_lambda_function_url":                 token("lambda", "FunctionUrl"),
	"aws_lambda_invocation":                   token("lambda", "Invocation"),
	"aws_lambda_layer_version":                token("lambda", "LayerVersion", archive("filename", "code", "source_code_hash")),
	"aws_lambda_layer_version_permission":     token("lambda", "LayerVersionPermission"),
	"aws_lambda_permission": token("lambda", "Permission",
		autonamed("statement_id", "statementId", 100),
		named("function_name", "function"),
	),
	"aws_lambda_provisioned_concurrency_config": token("lambda", "ProvisionedConcurrencyConfig"),
	"aws_lambda_runtime_management_config":      token("lambda", "RuntimeManagementConfig", identified("__", "functionName", "qualifier")),
}
