package mapping

// pipesResources are the tokens aws:pipes/….
var pipesResources = table{
	"aws_pipes_pipe": token("pipes", "Pipe"),
}
