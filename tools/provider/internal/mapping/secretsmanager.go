package mapping

// secretsmanagerResources are the tokens aws:secretsmanager/….
var secretsmanagerResources = table{
	"aws_secretsmanager_secret":          token("secretsmanager", "Secret"),
	"aws_secretsmanager_secret_policy":   token("secretsmanager", "SecretPolicy"),
	"aws_secretsmanager_secret_rotation": token("secretsmanager", "SecretRotation"),
	"aws_secretsmanager_secret_version":  token("secretsmanager", "SecretVersion"),
}
