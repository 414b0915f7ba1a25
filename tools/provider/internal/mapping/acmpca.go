package mapping

// acmpcaResources are the tokens aws:acmpca/….
var acmpcaResources = table{
	"aws_acmpca_certificate":                       token("acmpca", "Certificate"),
	"aws_acmpca_certificate_authority":             token("acmpca", "CertificateAuthority"),
	"aws_acmpca_certificate_authority_certificate": token("acmpca", "CertificateAuthorityCertificate"),
	"aws_acmpca_permission":                        token("acmpca", "Permission"),
	"aws_acmpca_policy":                            token("acmpca", "Policy"),
}
