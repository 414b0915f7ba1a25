package mapping

// sfnResources are the tokens aws:sfn/….
var sfnResources = table{
	"aws_sfn_activity":      token("sfn", "Activity"),
	"aws_sfn_alias":         token("sfn", "Alias"),
	"aws_sfn_state_machine": token("sfn", "StateMachine"),
}
