package mapping

// detectiveResources are the tokens aws:detective/….
var detectiveResources = table{
	"aws_detective_graph":                      token("detective", "Graph"),
	"aws_detective_invitation_accepter":        token("detective", "InvitationAccepter"),
	"aws_detective_member":                     token("detective", "Member"),
	"aws_detective_organization_admin_account": token("detective", "OrganizationAdminAccount"),
	"aws_detective_organization_configuration": token("detective", "OrganizationConfiguration"),
}
