package edge

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

const (
	logsBucket       = "alb-logs"
	accessPrefix     = "access"
	connectionPrefix = "connection"
	// keepLogs is in days: twelve months and a bit (PCI DSS 10.5.1).
	keepLogs = 400
)

// addLogs makes the bucket of the balancer's access and connection logs.
// Delivery of these logs cannot encrypt with a key of ours (user guide for
// Application Load Balancers, "Enable access logs"), so S3's own keys do.
func (b *Balancer) addLogs(ctx *pulumi.Context, name string, args *BalancerArgs) (err error) {
	bucket := args.Names.Global(naming.Bucket, args.Environment.AccountID, logsBucket)
	b.logs, err = component.NewBucket(ctx, name+"-alb-logs", &component.BucketArgs{
		Name:             bucket,
		ManagedKeyReason: "delivery of the balancer's logs takes no KMS key",
		AccessLogsBucket: args.AccessLogsBucket,
		Statements:       []iamdoc.Statement{allowDelivery(args, bucket)},
		ExpireAfter:      keepLogs,
		ForceDestroy:     !args.Environment.Protect,
	}, component.Stateful(args.Environment, pulumi.Parent(b))...)
	return err
}

// allowDelivery lets the log delivery service write, for this balancer alone.
// The balancer is named by pattern because it cannot exist before this policy.
func allowDelivery(args *BalancerArgs, bucket string) iamdoc.Statement {
	account := args.Environment.AccountID
	var objects []string
	for _, prefix := range []string{accessPrefix, connectionPrefix} {
		objects = append(objects, fmt.Sprintf("%s/%s/AWSLogs/%s/*", component.BucketARN(bucket), prefix, account))
	}
	balancer := fmt.Sprintf("arn:aws:elasticloadbalancing:%s:%s:loadbalancer/app/%s/*", config.Region, account, balancerName(args.Names))
	return iamdoc.Statement{
		Sid:        "DeliverBalancerLogs",
		Principals: iamdoc.Principals{Services: []string{"logdelivery.elasticloadbalancing.amazonaws.com"}},
		Actions:    []string{"s3:PutObject"},
		Resources:  objects,
		Conditions: iamdoc.Conditions{"ArnLike": {"aws:SourceArn": {balancer}}},
	}
}
