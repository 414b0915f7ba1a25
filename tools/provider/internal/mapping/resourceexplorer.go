package mapping

// resourceexplorerResources are the tokens aws:resourceexplorer/….
var resourceexplorerResources = table{
	"aws_resourceexplorer2_index": token("resourceexplorer", "Index"),
	"aws_resourceexplorer2_view":  token("resourceexplorer", "View"),
}
