package mapping

// rbinResources are the tokens aws:rbin/….
var rbinResources = table{
	"aws_rbin_rule": token("rbin", "Rule"),
}
