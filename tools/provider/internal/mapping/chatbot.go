package mapping

// chatbotResources are the tokens aws:chatbot/….
var chatbotResources = table{
	"aws_chatbot_slack_channel_configuration": token("chatbot", "SlackChannelConfiguration", identified(",", "chatConfigurationArn")),
	"aws_chatbot_teams_channel_configuration": token("chatbot", "TeamsChannelConfiguration", identified(",", "chatConfigurationArn")),
}
