package mapping

// resourcegroupsResources are the tokens aws:resourcegroups/….
var resourcegroupsResources = table{
	"aws_resourcegroups_group":    token("resourcegroups", "Group"),
	"aws_resourcegroups_resource": token("resourcegroups", "Resource"),
}
