package observability

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/cutover/cutover/projects/observability/estate"
	"github.com/cutover/cutover/projects/observability/watch"
	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/verify"
)

// Verify asks AWS, not the state, whether the platform is watched: every alarm is
// as defined, acts, and looks at a metric that somebody sends; topics are encrypted,
// closed, report their deliveries and reach confirmed subscribers; dashboards show
// what they should; log groups are encrypted, keep 90 days, are counted and masked; findings have a rule that is on. The
// error joins all that is not so.
func Verify(ctx context.Context, args verify.Args) error {
	cfg, err := config.ReadFile[Config](args.StackFile)
	if err != nil {
		return err
	}
	services, err := catalog.Load()
	if err != nil {
		return err
	}
	v := newVerifier(args, cfg, services)
	return verify.All(ctx, v.checkAlarms, v.checkComposites, v.checkMetrics, v.checkTopics, v.checkDashboards, v.checkRules,
		v.checkGroups, v.checkFilters, v.checkMasks, v.checkQueries)
}

// verifier asks one account about one environment.
type verifier struct {
	cfg    Config
	names  naming.Namer
	watch  watch.Args
	estate estate.Estate
	topics map[string]string
	now    time.Time

	metrics *cloudwatch.Client
	events  *eventbridge.Client
	logs    *cloudwatchlogs.Client
	sns     *sns.Client
}

func newVerifier(args verify.Args, cfg Config, services catalog.Catalog) *verifier {
	return &verifier{
		cfg: cfg, names: naming.New(args.Environment), watch: cfg.watch(args.Environment, services),
		estate: args.Texts("watched"), topics: args.Texts("topicArns"), now: time.Now(),
		metrics: cloudwatch.NewFromConfig(args.AWS), events: eventbridge.NewFromConfig(args.AWS),
		logs: cloudwatchlogs.NewFromConfig(args.AWS), sns: sns.NewFromConfig(args.AWS),
	}
}
