package mapping

// ecrResources are the tokens aws:ecr/….
var ecrResources = table{
	"aws_ecr_account_setting": token("ecr", "AccountSetting", identified(",", "name")),
	"aws_ecr_lifecycle_policy": token("ecr", "LifecyclePolicy",
		deletedFirst(),
		document("policy"),
	),
	"aws_ecr_pull_through_cache_rule":         token("ecr", "PullThroughCacheRule"),
	"aws_ecr_registry_policy":                 token("ecr", "RegistryPolicy", document("policy")),
	"aws_ecr_registry_scanning_configuration": token("ecr", "RegistryScanningConfiguration"),
	"aws_ecr_replication_configuration":       token("ecr", "ReplicationConfiguration"),
	"aws_ecr_repository":                      token("ecr", "Repository"),
	"aws_ecr_repository_creation_template":    token("ecr", "RepositoryCreationTemplate"),
	"aws_ecr_repository_policy":               token("ecr", "RepositoryPolicy", document("policy")),
}
