package mapping

// acmResources are the tokens aws:acm/….
var acmResources = table{
	"aws_acm_certificate":            token("acm", "Certificate"),
	"aws_acm_certificate_validation": token("acm", "CertificateValidation"),
}
