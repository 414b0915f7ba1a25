package services

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// phase is how far a deployment is.
type phase int

const (
	// complete: what was asked for is what runs.
	complete phase = iota
	// underWay: it may still become so.
	underWay
	// undone: another revision runs, or none will.
	undone
)

// judge compares what a service runs with the revision that was asked for. A
// circuit breaker makes the deployment before primary again, so that the state of
// the primary alone would say COMPLETED (Amazon ECS developer guide, "How the
// Amazon ECS deployment circuit breaker detects failures").
func judge(asked string, service types.Service) (phase, string) {
	if status := aws.ToString(service.Status); status != "ACTIVE" {
		return undone, "is " + status
	}
	at := slices.IndexFunc(service.Deployments, func(d types.Deployment) bool { return aws.ToString(d.Status) == "PRIMARY" })
	if at < 0 {
		return undone, "has no primary deployment"
	}
	primary := service.Deployments[at]
	running := aws.ToString(primary.TaskDefinition)
	switch {
	case running != asked:
		return undone, fmt.Sprintf("runs %s, asked for %s: the deployment was undone", revision(running), revision(asked))
	case primary.RolloutState == types.DeploymentRolloutStateFailed:
		return undone, fmt.Sprintf("deployment of %s failed: %s", revision(asked), aws.ToString(primary.RolloutStateReason))
	case primary.RolloutState != types.DeploymentRolloutStateCompleted:
		return underWay, fmt.Sprintf("deployment of %s is %s, %d of %d tasks run, %d failed", revision(asked), primary.RolloutState,
			primary.RunningCount, primary.DesiredCount, primary.FailedTasks)
	}
	return complete, ""
}

// revision is the end of a task definition's ARN, family and number.
func revision(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }

func (c *colorVerifier) describe(ctx context.Context, service string) (types.Service, error) {
	answer, err := c.ecs.DescribeServices(ctx, &ecs.DescribeServicesInput{
		Cluster: aws.String(c.cluster()), Services: []string{c.serviceName(service)},
	})
	if err != nil {
		return types.Service{}, err
	}
	if len(answer.Services) != 1 {
		return types.Service{}, errors.New("does not exist")
	}
	return answer.Services[0], nil
}

// tellingEvents is how many of a service's events a reason names.
const tellingEvents = 4

// telling are what the messages of events contain that say why a deployment ended
// (Amazon ECS developer guide, "Amazon ECS service event messages").
var telling = []string{"deployment failed", "rolling back", "unhealthy", "unable to", "failed to start", "alarm"}

// why tells what AWS says about a deployment that was undone: how its tasks
// stopped, and the service's events since it was asked for, oldest first.
func (c *colorVerifier) why(ctx context.Context, asked string, service types.Service) (string, error) {
	reasons, err := c.stopped(ctx, asked, aws.ToString(service.ServiceName))
	if err != nil {
		return "", err
	}
	definition, err := c.ecs.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String(asked)})
	if err != nil {
		return "", fmt.Errorf("revision %s: %w", revision(asked), err)
	}
	var events []string
	for _, event := range service.Events { // newest first
		since := aws.ToTime(definition.TaskDefinition.RegisteredAt)
		message := aws.ToString(event.Message)
		tells := slices.ContainsFunc(telling, func(part string) bool { return strings.Contains(message, part) })
		if tells && len(events) < tellingEvents && !aws.ToTime(event.CreatedAt).Before(since.Truncate(time.Second)) {
			events = append(events, message)
		}
	}
	slices.Reverse(events)
	if told := append(reasons, events...); len(told) > 0 {
		return "\n  " + strings.Join(told, "\n  "), nil
	}
	return "\n  AWS tells no reason any more: it keeps stopped tasks for an hour and the last 100 events", nil
}

// stopped lists the different reasons for which tasks of a revision ended.
func (c *colorVerifier) stopped(ctx context.Context, asked, physical string) ([]string, error) {
	tasks, err := c.tasks(ctx, physical, types.DesiredStatusStopped)
	if err != nil {
		return nil, err
	}
	var reasons []string
	for _, task := range tasks {
		if aws.ToString(task.TaskDefinitionArn) != asked {
			continue
		}
		reason := "task stopped: " + aws.ToString(task.StoppedReason)
		if !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	slices.Sort(reasons)
	return reasons, nil
}

// describable is how many tasks DescribeTasks takes at once.
const describable = 100

// tasks lists the tasks of a service that are, or were, to be in a status.
func (c *colorVerifier) tasks(ctx context.Context, physical string, status types.DesiredStatus) ([]types.Task, error) {
	pages := ecs.NewListTasksPaginator(c.ecs, &ecs.ListTasksInput{
		Cluster: aws.String(c.cluster()), ServiceName: aws.String(physical), DesiredStatus: status,
	})
	var arns []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("tasks: %w", err)
		}
		arns = append(arns, page.TaskArns...)
	}
	var tasks []types.Task
	for some := range slices.Chunk(arns, describable) {
		answer, err := c.ecs.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: aws.String(c.cluster()), Tasks: some})
		if err != nil {
			return nil, fmt.Errorf("tasks: %w", err)
		}
		tasks = append(tasks, answer.Tasks...)
	}
	return tasks, nil
}
