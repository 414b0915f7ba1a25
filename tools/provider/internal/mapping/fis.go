package mapping

// fisResources are the tokens aws:fis/….
var fisResources = table{
	"aws_fis_experiment_template": token("fis", "ExperimentTemplate"),
}
