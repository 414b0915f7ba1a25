package mapping

// shieldResources are the tokens aws:shield/….
var shieldResources = table{
	"aws_shield_application_layer_automatic_response": token("shield", "ApplicationLayerAutomaticResponse"),
	"aws_shield_drt_access_log_bucket_association":    token("shield", "DrtAccessLogBucketAssociation"),
	"aws_shield_drt_access_role_arn_association":      token("shield", "DrtAccessRoleArnAssociation"),
	"aws_shield_proactive_engagement":                 token("shield", "ProactiveEngagement"),
	"aws_shield_protection":                           token("shield", "Protection"),
	"aws_shield_protection_group":                     token("shield", "ProtectionGroup"),
	"aws_shield_protection_health_check_association":  token("shield", "ProtectionHealthCheckAssociation"),
	"aws_shield_subscription":                         token("shield", "Subscription"),
}
