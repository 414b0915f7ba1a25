package mapping

// syntheticsResources are the tokens aws:synthetics/….
var syntheticsResources = table{
	"aws_synthetics_canary":            token("synthetics", "Canary"),
	"aws_synthetics_group":             token("synthetics", "Group"),
	"aws_synthetics_group_association": token("synthetics", "GroupAssociation"),
}
