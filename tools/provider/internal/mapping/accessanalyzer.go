package mapping

// accessanalyzerResources are the tokens aws:accessanalyzer/….
var accessanalyzerResources = table{
	"aws_accessanalyzer_analyzer":     token("accessanalyzer", "Analyzer"),
	"aws_accessanalyzer_archive_rule": token("accessanalyzer", "ArchiveRule"),
}
