package mapping

// sqsResources are the tokens aws:sqs/….
var sqsResources = table{
	"aws_sqs_queue":                      token("sqs", "Queue", autonamed("name", "name", 80)),
	"aws_sqs_queue_policy":               token("sqs", "QueuePolicy", document("policy")),
	"aws_sqs_queue_redrive_allow_policy": token("sqs", "RedriveAllowPolicy"),
	"aws_sqs_queue_redrive_policy":       token("sqs", "RedrivePolicy"),
}
