package mapping

// dlmResources are the tokens aws:dlm/….
var dlmResources = table{
	"aws_dlm_lifecycle_policy": token("dlm", "LifecyclePolicy", many("policy_details.resource_types", "resourceTypes")),
}
