package mapping

// ssmcontactsResources are the tokens aws:ssmcontacts/….
var ssmcontactsResources = table{
	"aws_ssmcontacts_contact":         token("ssmcontacts", "Contact"),
	"aws_ssmcontacts_contact_channel": token("ssmcontacts", "ContactChannel"),
	"aws_ssmcontacts_plan":            token("ssmcontacts", "Plan"),
}
