package mapping

// signerResources are the tokens aws:signer/….
var signerResources = table{
	"aws_signer_signing_job":                token("signer", "SigningJob"),
	"aws_signer_signing_profile":            token("signer", "SigningProfile"),
	"aws_signer_signing_profile_permission": token("signer", "SigningProfilePermission"),
}
