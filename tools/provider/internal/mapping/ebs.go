package mapping

// ebsResources are the tokens aws:ebs/….
var ebsResources = table{
	"aws_ebs_default_kms_key":              token("ebs", "DefaultKmsKey"),
	"aws_ebs_encryption_by_default":        token("ebs", "EncryptionByDefault"),
	"aws_ebs_fast_snapshot_restore":        token("ebs", "FastSnapshotRestore"),
	"aws_ebs_snapshot":                     token("ebs", "Snapshot"),
	"aws_ebs_snapshot_block_public_access": token("ebs", "SnapshotBlockPublicAccess"),
	"aws_ebs_snapshot_copy":                token("ebs", "SnapshotCopy"),
	"aws_ebs_snapshot_import":              token("ebs", "SnapshotImport"),
	"aws_ebs_volume":                       token("ebs", "Volume"),
}
