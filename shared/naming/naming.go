// Package naming makes the physical names and the tags of every resource. It is
// pure: the same input gives the same name, on every machine and at any time,
// and no name is made anywhere else.
package naming

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// System is the first part of every physical name.
const System = "cutover"

// Color is one of the two environments that production moves between.
type Color string

// The two colours.
const (
	Blue  Color = "blue"
	Green Color = "green"
)

// Colors lists both colours, the one production starts from first.
func Colors() []Color { return []Color{Blue, Green} }

// Other returns the opposite colour.
func (c Color) Other() Color {
	if c == Blue {
		return Green
	}
	return Blue
}

// Kind is a kind of resource whose name AWS limits.
type Kind struct {
	name string
	// max is the longest name in characters that AWS takes.
	max int
	// separator joins the parts: a dash, or a slash where AWS reads hierarchies.
	separator string
	// absolute names start with the separator.
	absolute bool
}

// The kinds, with the limits of each service's API reference.
var (
	Generic       = Kind{name: "generic", max: 255, separator: "-"}                    // EC2 Name tags: 256
	LoadBalancer  = Kind{name: "load balancer", max: 32, separator: "-"}               // ELBv2 CreateLoadBalancer
	TargetGroup   = Kind{name: "target group", max: 32, separator: "-"}                // ELBv2 CreateTargetGroup
	SecurityGroup = Kind{name: "security group", max: 255, separator: "-"}             // EC2 CreateSecurityGroup; must not start with sg-
	Role          = Kind{name: "role", max: 64, separator: "-"}                        // IAM CreateRole
	Policy        = Kind{name: "policy", max: 128, separator: "-"}                     // IAM CreatePolicy
	KeyAlias      = Kind{name: "key alias", max: 250, separator: "/"}                  // KMS CreateAlias: 256 with "alias/"
	Bucket        = Kind{name: "bucket", max: 63, separator: "-"}                      // S3 bucket naming rules
	Table         = Kind{name: "table", max: 255, separator: "-"}                      // DynamoDB CreateTable
	Cluster       = Kind{name: "database cluster", max: 52, separator: "-"}            // RDS: 63 for cluster and instance, less room for "-instance-N"
	ECS           = Kind{name: "ECS name", max: 255, separator: "-"}                   // ECS CreateCluster, CreateService
	Repository    = Kind{name: "image repository", max: 256, separator: "/"}           // ECR CreateRepository
	Function      = Kind{name: "function", max: 64, separator: "-"}                    // Lambda CreateFunction
	Schedule      = Kind{name: "schedule", max: 64, separator: "-"}                    // EventBridge Scheduler CreateSchedule
	StateMachine  = Kind{name: "state machine", max: 80, separator: "-"}               // Step Functions CreateStateMachine
	Dashboard     = Kind{name: "dashboard", max: 255, separator: "-"}                  // CloudWatch PutDashboard
	Alarm         = Kind{name: "alarm", max: 255, separator: "-"}                      // CloudWatch PutMetricAlarm, PutCompositeAlarm
	Filter        = Kind{name: "metric filter", max: 512, separator: "-"}              // CloudWatch Logs PutMetricFilter
	Query         = Kind{name: "saved query", max: 255, separator: "/"}                // CloudWatch Logs PutQueryDefinition
	EventRule     = Kind{name: "event rule", max: 64, separator: "-"}                  // EventBridge PutRule
	LogGroup      = Kind{name: "log group", max: 512, separator: "/", absolute: true}  // CloudWatch Logs CreateLogGroup
	Parameter     = Kind{name: "parameter", max: 1011, separator: "/", absolute: true} // SSM PutParameter
	Queue         = Kind{name: "queue", max: 75, separator: "-"}                       // SQS: 80, less room for ".fifo"
	Topic         = Kind{name: "topic", max: 251, separator: "-"}                      // SNS: 256, less room for ".fifo"
	Trail         = Kind{name: "trail", max: 128, separator: "-"}                      // CloudTrail CreateTrail
	Stream        = Kind{name: "delivery stream", max: 64, separator: "-"}             // Firehose CreateDeliveryStream
	ConfigRule    = Kind{name: "Config rule", max: 128, separator: "-"}                // Config PutConfigRule
	Pack          = Kind{name: "conformance pack", max: 256, separator: "-"}           // Config PutConformancePack
	Recorder      = Kind{name: "recorder", max: 256, separator: "-"}                   // Config PutConfigurationRecorder, PutDeliveryChannel
	Analyzer      = Kind{name: "analyzer", max: 255, separator: "-"}                   // IAM Access Analyzer CreateAnalyzer
	Vault         = Kind{name: "backup vault", max: 50, separator: "-"}                // AWS Backup CreateBackupVault
	Firewall      = Kind{name: "web ACL", max: 128, separator: "-"}                    // WAFv2 CreateWebACL, CreateIPSet
	Secret        = Kind{name: "secret", max: 500, separator: "/"}                     // Secrets Manager: 512, less the 7 it appends and some room
)

// Namer makes the names of one environment, and of one colour in it.
type Namer struct {
	environment string
	color       Color
}

// New returns a Namer for what both colours of an environment share.
func New(environment string) Namer { return Namer{environment: environment} }

// In returns the Namer for one colour.
func (n Namer) In(color Color) Namer { return Namer{environment: n.environment, color: color} }

// Environment is the environment whose names these are.
func (n Namer) Environment() string { return n.environment }

// Name joins system, environment, colour (if any) and parts into a name of the
// kind. A name that would be too long keeps its beginning and ends in eight
// hexadecimal digits of the whole name's SHA-256, so that it stays unique and
// never changes.
func (n Namer) Name(kind Kind, parts ...string) string {
	all := []string{System, n.environment}
	if n.color != "" {
		all = append(all, string(n.color))
	}
	return kind.fit(append(all, parts...))
}

// Global makes a name that must be unique among all accounts, as a bucket's
// must be: the account id becomes its last part.
func (n Namer) Global(kind Kind, accountID string, parts ...string) string {
	return n.Name(kind, append(parts, accountID)...)
}

func (k Kind) fit(parts []string) string {
	whole := strings.Join(parts, k.separator)
	if k.absolute {
		whole = k.separator + whole
	}
	if len(whole) <= k.max {
		return whole
	}
	sum := sha256.Sum256([]byte(whole))
	digest := hex.EncodeToString(sum[:4])
	kept := strings.TrimRight(whole[:k.max-len(digest)-1], "-/")
	return kept + "-" + digest
}

// String names the kind.
func (k Kind) String() string { return fmt.Sprintf("%s (at most %d characters)", k.name, k.max) }

// Max is the longest name of the kind in characters.
func (k Kind) Max() int { return k.max }
