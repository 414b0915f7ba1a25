package services

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/verify"
)

// Verify asks AWS, not the state, whether the services are what the layer
// promises: every deployment complete and of the revision that was asked for, as
// many tasks as desired, over the zones, from the image of the release, healthy, able
// to do as little as the layer lets them; autoscaling within its bounds, by the values
// and by the clock as configured; calls between services through their namespace;
// queues as they were made, and nothing given up; images where nobody changes them.
// The error joins all that is not so.
func Verify(ctx context.Context, args verify.Args) error {
	v, err := newVerifier(args)
	if err != nil {
		return err
	}
	problems := []error{v.checkRepositories(ctx)}
	for _, color := range args.Colors() {
		c := v.in(color)
		problems = append(problems, c.checkCluster(ctx))
		for _, service := range v.listed.Services {
			problems = append(problems, c.checkService(ctx, service))
			if service.Queue != nil {
				problems = append(problems, c.checkQueues(ctx, service))
			}
		}
	}
	return errors.Join(problems...)
}

// verifier asks one account about one environment.
type verifier struct {
	cfg    Config
	listed catalog.Catalog
	args   verify.Args
	names  naming.Namer

	ecs       *ecs.Client
	balancers *elasticloadbalancingv2.Client
	keys      *kms.Client
	queues    *sqs.Client
	scaling   *applicationautoscaling.Client
	images    *ecr.Client
	discovery *servicediscovery.Client
}

func newVerifier(args verify.Args) (*verifier, error) {
	cfg, err := config.ReadFile[Config](args.StackFile)
	if err != nil {
		return nil, err
	}
	listed, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	return &verifier{
		cfg: cfg, listed: listed, args: args, names: naming.New(args.Environment),
		ecs:       ecs.NewFromConfig(args.AWS),
		balancers: elasticloadbalancingv2.NewFromConfig(args.AWS),
		keys:      kms.NewFromConfig(args.AWS),
		queues:    sqs.NewFromConfig(args.AWS),
		scaling:   applicationautoscaling.NewFromConfig(args.AWS),
		images:    ecr.NewFromConfig(args.AWS),
		discovery: servicediscovery.NewFromConfig(args.AWS),
	}, nil
}

// colorVerifier asks about one colour.
type colorVerifier struct {
	*verifier
	color naming.Color
	names naming.Namer
}

func (v *verifier) in(color naming.Color) *colorVerifier {
	return &colorVerifier{verifier: v, color: color, names: v.names.In(color)}
}

func (c *colorVerifier) cluster() string { return c.names.Name(naming.ECS) }

func (c *colorVerifier) serviceName(service string) string {
	return c.names.Name(naming.ECS, service)
}

// asked is the revision that the layer's last update asked for.
func (c *colorVerifier) asked(service string) (string, error) {
	const key = "TaskDefinitionArns"
	if revision := c.args.Texts(string(c.color) + key)[service]; revision != "" {
		return revision, nil
	}
	return "", fmt.Errorf("the layer exports no revision under %s%s: deploy it first", c.color, key)
}

func (c *colorVerifier) checkCluster(ctx context.Context) error {
	f := verify.About("cluster %s", c.cluster())
	answer, err := c.ecs.DescribeClusters(ctx, &ecs.DescribeClustersInput{
		Clusters: []string{c.cluster()}, Include: clusterSettings(),
	})
	if err != nil {
		return f.Failed(err)
	}
	if len(answer.Clusters) != 1 {
		return f.Failed(errors.New("does not exist"))
	}
	cluster := answer.Clusters[0]
	f.Equal("status", aws.ToString(cluster.Status), "ACTIVE")
	insights := ""
	for _, setting := range cluster.Settings {
		insights = aws.ToString(setting.Value)
	}
	f.Equal("Container Insights", insights, containerInsights)
	return f.Err()
}
