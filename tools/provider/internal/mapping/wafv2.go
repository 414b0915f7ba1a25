package mapping

// wafv2Resources are the tokens aws:wafv2/….
var wafv2Resources = table{
	"aws_wafv2_ip_set":            token("wafv2", "IpSet"),
	"aws_wafv2_regex_pattern_set": token("wafv2", "RegexPatternSet"),
	"aws_wafv2_rule_group":        token("wafv2", "RuleGroup"),
	"aws_wafv2_web_acl": token("wafv2", "WebAcl",
		many("association_config.request_body.api_gateway", "apiGateways"),
		many("association_config.request_body.app_runner_service", "appRunnerServices"),
		many("association_config.request_body.cloudfront", "cloudfronts"),
		many("association_config.request_body.cognito_user_pool", "cognitoUserPools"),
		many("association_config.request_body.verified_access_instance", "verifiedAccessInstances"),
	),
	"aws_wafv2_web_acl_association":           token("wafv2", "WebAclAssociation"),
	"aws_wafv2_web_acl_logging_configuration": token("wafv2", "WebAclLoggingConfiguration"),
}
