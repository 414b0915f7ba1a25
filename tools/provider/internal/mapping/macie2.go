package mapping

// macie2Resources are the tokens aws:macie2/….
var macie2Resources = table{
	"aws_macie2_account":                             token("macie2", "Account"),
	"aws_macie2_classification_export_configuration": token("macie2", "ClassificationExportConfiguration"),
	"aws_macie2_classification_job":                  token("macie2", "ClassificationJob"),
	"aws_macie2_invitation_accepter":                 token("macie2", "InvitationAccepter"),
	"aws_macie2_member":                              token("macie2", "Member"),
	"aws_macie2_organization_admin_account":          token("macie2", "OrganizationAdminAccount"),
}
