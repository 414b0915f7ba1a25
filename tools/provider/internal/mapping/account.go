package mapping

// accountResources are the tokens aws:account/….
var accountResources = table{
	"aws_account_alternate_contact": token("account", "AlternativeContact"),
	"aws_account_primary_contact":   token("account", "PrimaryContact"),
	"aws_account_region":            token("account", "Region"),
}
