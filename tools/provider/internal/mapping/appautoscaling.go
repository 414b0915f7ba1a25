package mapping

// appautoscalingResources are the tokens aws:appautoscaling/….
var appautoscalingResources = table{
	"aws_appautoscaling_policy": token("appautoscaling", "Policy"),
	"aws_appautoscaling_scheduled_action": token("appautoscaling", "ScheduledAction",
		nullableInteger("scalable_target_action.max_capacity", "maxCapacity"),
		nullableInteger("scalable_target_action.min_capacity", "minCapacity"),
	),
	"aws_appautoscaling_target": token("appautoscaling", "Target"),
}
