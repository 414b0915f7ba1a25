package mapping

// inspector2Resources are the tokens aws:inspector2/….
var inspector2Resources = table{
	"aws_inspector2_delegated_admin_account":    token("inspector2", "DelegatedAdminAccount"),
	"aws_inspector2_enabler":                    token("inspector2", "Enabler"),
	"aws_inspector2_member_association":         token("inspector2", "MemberAssociation"),
	"aws_inspector2_organization_configuration": token("inspector2", "OrganizationConfiguration"),
}
