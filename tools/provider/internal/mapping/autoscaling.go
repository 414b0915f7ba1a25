package mapping

// autoscalingResources are the tokens aws:autoscaling/….
var autoscalingResources = table{
	"aws_autoscaling_attachment":                token("autoscaling", "Attachment"),
	"aws_autoscaling_group":                     token("autoscaling", "Group"),
	"aws_autoscaling_group_tag":                 token("autoscaling", "Tag"),
	"aws_autoscaling_lifecycle_hook":            token("autoscaling", "LifecycleHook"),
	"aws_autoscaling_notification":              token("autoscaling", "Notification"),
	"aws_autoscaling_policy":                    token("autoscaling", "Policy"),
	"aws_autoscaling_schedule":                  token("autoscaling", "Schedule"),
	"aws_autoscaling_traffic_source_attachment": token("autoscaling", "TrafficSourceAttachment"),
}
