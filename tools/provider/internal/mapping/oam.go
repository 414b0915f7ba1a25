package mapping

// oamResources are the tokens aws:oam/….
var oamResources = table{
	"aws_oam_link":        token("oam", "Link"),
	"aws_oam_sink":        token("oam", "Sink"),
	"aws_oam_sink_policy": token("oam", "SinkPolicy"),
}
