package mapping

// efsResources are the tokens aws:efs/….
var efsResources = table{
	"aws_efs_access_point":              token("efs", "AccessPoint"),
	"aws_efs_backup_policy":             token("efs", "BackupPolicy"),
	"aws_efs_file_system":               token("efs", "FileSystem", autonamed("creation_token", "creationToken", 255)),
	"aws_efs_file_system_policy":        token("efs", "FileSystemPolicy"),
	"aws_efs_mount_target":              token("efs", "MountTarget", deletedFirst()),
	"aws_efs_replication_configuration": token("efs", "ReplicationConfiguration"),
}
