package mapping

// ecsResources are the tokens aws:ecs/….
var ecsResources = table{
	"aws_ecs_account_setting_default":    token("ecs", "AccountSettingDefault"),
	"aws_ecs_capacity_provider":          token("ecs", "CapacityProvider"),
	"aws_ecs_cluster":                    token("ecs", "Cluster"),
	"aws_ecs_cluster_capacity_providers": token("ecs", "ClusterCapacityProviders"),
	"aws_ecs_service": token("ecs", "Service",
		many("service_connect_configuration.service.client_alias", "clientAlias"),
	),
	"aws_ecs_tag":             token("ecs", "Tag"),
	"aws_ecs_task_definition": token("ecs", "TaskDefinition"),
	"aws_ecs_task_set":        token("ecs", "TaskSet"),
}
