package mapping

// schedulerResources are the tokens aws:scheduler/….
var schedulerResources = table{
	"aws_scheduler_schedule":       token("scheduler", "Schedule"),
	"aws_scheduler_schedule_group": token("scheduler", "ScheduleGroup"),
}
