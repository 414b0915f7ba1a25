package mapping

// securityhubResources are the tokens aws:securityhub/….
var securityhubResources = table{
	"aws_securityhub_account":                          token("securityhub", "Account"),
	"aws_securityhub_action_target":                    token("securityhub", "ActionTarget"),
	"aws_securityhub_automation_rule":                  token("securityhub", "AutomationRule"),
	"aws_securityhub_configuration_policy":             token("securityhub", "ConfigurationPolicy"),
	"aws_securityhub_configuration_policy_association": token("securityhub", "ConfigurationPolicyAssociation"),
	"aws_securityhub_finding_aggregator":               token("securityhub", "FindingAggregator"),
	"aws_securityhub_insight":                          token("securityhub", "Insight"),
	"aws_securityhub_invite_accepter":                  token("securityhub", "InviteAccepter"),
	"aws_securityhub_member":                           token("securityhub", "Member"),
	"aws_securityhub_organization_admin_account":       token("securityhub", "OrganizationAdminAccount"),
	"aws_securityhub_organization_configuration":       token("securityhub", "OrganizationConfiguration"),
	"aws_securityhub_product_subscription":             token("securityhub", "ProductSubscription"),
	"aws_securityhub_standards_control":                token("securityhub", "StandardsControl"),
	"aws_securityhub_standards_control_association":    token("securityhub", "StandardsControlAssociation"),
	"aws_securityhub_standards_subscription":           token("securityhub", "StandardsSubscription"),
}
