package mapping

// cfgResources are the tokens aws:cfg/….
var cfgResources = table{
	"aws_config_aggregate_authorization":         token("cfg", "AggregateAuthorization"),
	"aws_config_config_rule":                     token("cfg", "Rule"),
	"aws_config_configuration_aggregator":        token("cfg", "ConfigurationAggregator"),
	"aws_config_configuration_recorder":          token("cfg", "Recorder"),
	"aws_config_configuration_recorder_status":   token("cfg", "RecorderStatus"),
	"aws_config_conformance_pack":                token("cfg", "ConformancePack"),
	"aws_config_delivery_channel":                token("cfg", "DeliveryChannel"),
	"aws_config_organization_conformance_pack":   token("cfg", "OrganizationConformancePack"),
	"aws_config_organization_custom_policy_rule": token("cfg", "OrganizationCustomPolicyRule"),
	"aws_config_organization_custom_rule":        token("cfg", "OrganizationCustomRule"),
	"aws_config_organization_managed_rule":       token("cfg", "OrganizationManagedRule"),
	"aws_config_remediation_configuration":       token("cfg", "RemediationConfiguration"),
	"aws_config_retention_configuration":         token("cfg", "RetentionConfiguration"),
}
