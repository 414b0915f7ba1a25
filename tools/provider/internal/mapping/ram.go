package mapping

// ramResources are the tokens aws:ram/….
var ramResources = table{
	"aws_ram_principal_association":     token("ram", "PrincipalAssociation"),
	"aws_ram_resource_association":      token("ram", "ResourceAssociation"),
	"aws_ram_resource_share":            token("ram", "ResourceShare"),
	"aws_ram_resource_share_accepter":   token("ram", "ResourceShareAccepter"),
	"aws_ram_sharing_with_organization": token("ram", "SharingWithOrganization"),
}
