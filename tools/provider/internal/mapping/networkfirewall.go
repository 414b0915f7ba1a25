package mapping

// networkfirewallResources are the tokens aws:networkfirewall/….
var networkfirewallResources = table{
	"aws_networkfirewall_firewall":                     token("networkfirewall", "Firewall"),
	"aws_networkfirewall_firewall_policy":              token("networkfirewall", "FirewallPolicy"),
	"aws_networkfirewall_logging_configuration":        token("networkfirewall", "LoggingConfiguration"),
	"aws_networkfirewall_resource_policy":              token("networkfirewall", "ResourcePolicy"),
	"aws_networkfirewall_rule_group":                   token("networkfirewall", "RuleGroup"),
	"aws_networkfirewall_tls_inspection_configuration": token("networkfirewall", "TlsInspectionConfiguration"),
}
