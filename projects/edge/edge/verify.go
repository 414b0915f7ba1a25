package edge

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/acm"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/verify"
)

// Verify asks AWS, not the state, whether customers reach the services as the
// layer promises: balancers, listeners, certificate, rules and groups as
// configured, the firewall in between with its log, names with health checks that
// send nobody to a colour without a share. Which weights the records have is the
// business of those who move traffic; that weights, checks and readiness agree is
// verified. The error joins all that is not so.
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
	problems := []error{verify.All(ctx, v.checkCertificate, v.checkFirewall, v.checkLists, v.checkFirewallLog, v.checkZone, v.checkPublicName)}
	for _, color := range naming.Colors() {
		c := v.in(color)
		problems = append(problems, verify.All(ctx, c.checkBalancer, c.checkAttributes, c.checkListener, c.checkRules,
			c.checkTargetGroups, c.checkTargets, c.checkFirewallBefore, c.checkColorName, c.checkHealthChecks))
	}
	return errors.Join(problems...)
}

// verifier asks one account about one environment.
type verifier struct {
	verify.Args
	cfg      Config
	services catalog.Catalog
	names    naming.Namer
	now      time.Time

	balancers    *elb.Client
	certificates *acm.Client
	firewalls    *wafv2.Client
	dns          *route53.Client
}

func newVerifier(args verify.Args, cfg Config, services catalog.Catalog) *verifier {
	return &verifier{
		Args: args, cfg: cfg, services: services, names: naming.New(args.Environment), now: time.Now(),
		balancers:    elb.NewFromConfig(args.AWS),
		certificates: acm.NewFromConfig(args.AWS),
		firewalls:    wafv2.NewFromConfig(args.AWS),
		dns:          route53.NewFromConfig(args.AWS),
	}
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

// output is the key of one colour's output, such as "loadBalancerArn".
func (c *colorVerifier) output(key string) string {
	return contract.Key(string(c.color), key)
}

func (c *colorVerifier) text(key string) string { return c.Text(c.output(key)) }
