package mapping

// macieResources are the tokens aws:macie/….
var macieResources = table{
	"aws_macie2_custom_data_identifier": token("macie", "CustomDataIdentifier"),
	"aws_macie2_findings_filter":        token("macie", "FindingsFilter"),
}
