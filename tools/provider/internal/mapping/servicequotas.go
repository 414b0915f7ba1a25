package mapping

// servicequotasResources are the tokens aws:servicequotas/….
var servicequotasResources = table{
	"aws_servicequotas_service_quota":        token("servicequotas", "ServiceQuota"),
	"aws_servicequotas_template":             token("servicequotas", "Template"),
	"aws_servicequotas_template_association": token("servicequotas", "TemplateAssociation"),
}
