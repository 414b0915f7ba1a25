package services

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

// messagingKeyARN is a key of the values of a policy; the others are the names of
// the services that have a queue, which contain no capital.
const messagingKeyARN = "messagingKey"

// queuesOf lists the owners of the queues that a service works with: its own, and
// those it sends to.
func queuesOf(service catalog.Service) []string {
	owners := append([]string(nil), service.SendsTo...)
	if service.Queue != nil {
		owners = append(owners, service.Name)
	}
	return owners
}

// queueVariable is where a container finds the URL of a queue.
func queueVariable(owner string) string {
	return strings.ToUpper(strings.ReplaceAll(owner, "-", "_")) + "_QUEUE_URL"
}

// addMessages lets the tasks send to and take from queues as the catalogue says.
func (w *Workload) addMessages(ctx *pulumi.Context, name string, args *WorkloadArgs) error {
	owners := queuesOf(args.Service)
	if len(owners) == 0 {
		return nil
	}
	values := pulumi.StringMap{messagingKeyARN: args.Around.principals.MessagingKeyARN}
	for _, owner := range owners {
		values[owner] = args.Queues[owner].ARN
	}
	policy, err := component.NewPolicy(ctx, name+"-queues", &component.PolicyArgs{
		Name:        args.Names.Name(naming.Policy, args.Service.Name, "queues"),
		Description: "What " + args.Service.Name + " sends and receives in " + string(args.Color),
		Values:      values,
		Write:       func(values map[string]string) iamdoc.Document { return messagesPolicy(args.Service, values) },
		Roles: map[string]pulumi.StringInput{
			"task": component.Entry(args.Around.principals.TaskRoleNames, string(args.Color)+" task roles of the security layer", args.Service.Name),
		},
	}, pulumi.Parent(w))
	if err != nil {
		return err
	}
	w.before = append(w.before, policy.Attachments...)
	return nil
}

// messagesPolicy is what one service does with queues. Whoever sends needs a new
// data key as well as the one in use (Amazon SQS developer guide, "Configuring KMS
// permissions for Amazon SQS").
func messagesPolicy(service catalog.Service, values map[string]string) iamdoc.Document {
	var statements []iamdoc.Statement
	cryptography := []string{"kms:Decrypt"}
	if len(service.SendsTo) > 0 {
		var queues []string
		for _, owner := range service.SendsTo {
			queues = append(queues, values[owner])
		}
		statements = append(statements, iamdoc.Statement{Sid: "Send", Actions: []string{"sqs:SendMessage"}, Resources: queues})
		cryptography = append(cryptography, "kms:GenerateDataKey*")
	}
	if service.Queue != nil {
		statements = append(statements, iamdoc.Statement{
			Sid: "TakeOwnWork", Resources: []string{values[service.Name]},
			Actions: []string{"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"},
		})
	}
	return iamdoc.Document{Statements: append(statements, iamdoc.Statement{
		Sid: "KeyOfMessages", Actions: cryptography, Resources: []string{values[messagingKeyARN]},
		Conditions: iamdoc.Conditions{"StringEquals": {"kms:ViaService": {"sqs." + config.Region + ".amazonaws.com"}}},
	})}
}
