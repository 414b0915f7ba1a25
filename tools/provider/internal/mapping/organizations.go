package mapping

// organizationsResources are the tokens aws:organizations/….
var organizationsResources = table{
	"aws_organizations_account":                 token("organizations", "Account"),
	"aws_organizations_delegated_administrator": token("organizations", "DelegatedAdministrator"),
	"aws_organizations_organization":            token("organizations", "Organization"),
	"aws_organizations_organizational_unit":     token("organizations", "OrganizationalUnit"),
	"aws_organizations_policy":                  token("organizations", "Policy"),
	"aws_organizations_policy_attachment":       token("organizations", "PolicyAttachment"),
	"aws_organizations_resource_policy":         token("organizations", "ResourcePolicy"),
}
