package mapping

// kinesisResources are the tokens aws:kinesis/….
var kinesisResources = table{
	"aws_kinesis_analytics_application":    token("kinesis", "AnalyticsApplication"),
	"aws_kinesis_firehose_delivery_stream": token("kinesis", "FirehoseDeliveryStream"),
	"aws_kinesis_resource_policy":          token("kinesis", "ResourcePolicy"),
	"aws_kinesis_stream":                   token("kinesis", "Stream"),
	"aws_kinesis_stream_consumer":          token("kinesis", "StreamConsumer"),
	"aws_kinesis_video_stream":             token("kinesis", "VideoStream"),
}
