package mapping

// codedeployResources are the tokens aws:codedeploy/….
var codedeployResources = table{
	"aws_codedeploy_app": token("codedeploy", "Application"),
	"aws_codedeploy_deployment_config": token("codedeploy", "DeploymentConfig",
		autonamed("deployment_config_name", "deploymentConfigName", 100),
	),
	"aws_codedeploy_deployment_group": token("codedeploy", "DeploymentGroup"),
}
