package mapping

// kmsResources are the tokens aws:kms/….
var kmsResources = table{
	"aws_kms_alias":                token("kms", "Alias"),
	"aws_kms_ciphertext":           token("kms", "Ciphertext"),
	"aws_kms_custom_key_store":     token("kms", "CustomKeyStore"),
	"aws_kms_external_key":         token("kms", "ExternalKey"),
	"aws_kms_grant":                token("kms", "Grant"),
	"aws_kms_key":                  token("kms", "Key"),
	"aws_kms_key_policy":           token("kms", "KeyPolicy"),
	"aws_kms_replica_external_key": token("kms", "ReplicaExternalKey"),
	"aws_kms_replica_key":          token("kms", "ReplicaKey"),
}
