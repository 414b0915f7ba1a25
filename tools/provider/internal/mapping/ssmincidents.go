package mapping

// ssmincidentsResources are the tokens aws:ssmincidents/….
var ssmincidentsResources = table{
	"aws_ssmincidents_replication_set": token("ssmincidents", "ReplicationSet"),
	"aws_ssmincidents_response_plan":   token("ssmincidents", "ResponsePlan"),
}
