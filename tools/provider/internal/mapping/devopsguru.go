package mapping

// devopsguruResources are the tokens aws:devopsguru/….
var devopsguruResources = table{
	"aws_devopsguru_event_sources_config": token("devopsguru", "EventSourcesConfig"),
	"aws_devopsguru_notification_channel": token("devopsguru", "NotificationChannel"),
	"aws_devopsguru_resource_collection":  token("devopsguru", "ResourceCollection"),
	"aws_devopsguru_service_integration":  token("devopsguru", "ServiceIntegration"),
}
