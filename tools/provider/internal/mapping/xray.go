package mapping

// xrayResources are the tokens aws:xray/….
var xrayResources = table{
	"aws_xray_encryption_config": token("xray", "EncryptionConfig"),
	"aws_xray_group":             token("xray", "Group"),
	"aws_xray_sampling_rule":     token("xray", "SamplingRule"),
}
