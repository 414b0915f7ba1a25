package mapping

// snsResources are the tokens aws:sns/….
var snsResources = table{
	"aws_sns_platform_application":         token("sns", "PlatformApplication"),
	"aws_sns_sms_preferences":              token("sns", "SmsPreferences"),
	"aws_sns_topic":                        token("sns", "Topic", autonamed("name", "name", 80)),
	"aws_sns_topic_data_protection_policy": token("sns", "DataProtectionPolicy"),
	"aws_sns_topic_policy":                 token("sns", "TopicPolicy", document("policy")),
	"aws_sns_topic_subscription":           token("sns", "TopicSubscription", named("topic_arn", "topic")),
}
