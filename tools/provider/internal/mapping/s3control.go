package mapping

// s3controlResources are the tokens aws:s3control/….
var s3controlResources = table{
	"aws_s3control_access_grant":                           token("s3control", "AccessGrant"),
	"aws_s3control_access_grants_instance":                 token("s3control", "AccessGrantsInstance"),
	"aws_s3control_access_grants_instance_resource_policy": token("s3control", "AccessGrantsInstanceResourcePolicy"),
	"aws_s3control_access_grants_location":                 token("s3control", "AccessGrantsLocation"),
	"aws_s3control_access_point_policy":                    token("s3control", "AccessPointPolicy"),
	"aws_s3control_bucket":                                 token("s3control", "Bucket"),
	"aws_s3control_bucket_lifecycle_configuration":         token("s3control", "BucketLifecycleConfiguration"),
	"aws_s3control_bucket_policy":                          token("s3control", "BucketPolicy"),
	"aws_s3control_multi_region_access_point":              token("s3control", "MultiRegionAccessPoint"),
	"aws_s3control_multi_region_access_point_policy":       token("s3control", "MultiRegionAccessPointPolicy"),
	"aws_s3control_object_lambda_access_point":             token("s3control", "ObjectLambdaAccessPoint"),
	"aws_s3control_object_lambda_access_point_policy":      token("s3control", "ObjectLambdaAccessPointPolicy"),
	"aws_s3control_storage_lens_configuration":             token("s3control", "StorageLensConfiguration"),
}
