package services

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/verify"
)

// checkDefinition expects the revision to have the size of the catalogue and to let
// its container do as little as this layer does.
func (c *colorVerifier) checkDefinition(ctx context.Context, f *verify.Findings, service catalog.Service, asked string) error {
	answer, err := c.ecs.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String(asked)})
	if err != nil {
		return fmt.Errorf("task definition: %w", err)
	}
	definition := answer.TaskDefinition
	f.Equal("number of CPU units", aws.ToString(definition.Cpu), strconv.Itoa(service.CPU))
	f.Equal("memory in MiB", aws.ToString(definition.Memory), strconv.Itoa(service.Memory))
	f.Equal("network mode", definition.NetworkMode, types.NetworkModeAwsvpc)
	task, execution := aws.ToString(definition.TaskRoleArn), aws.ToString(definition.ExecutionRoleArn)
	f.Expect(task != "" && execution != "" && task != execution, "runs with the role %q and is started with %q, expected one of its own for each", task, execution)
	if len(definition.ContainerDefinitions) != 1 {
		f.Expect(false, "has %d containers, expected one", len(definition.ContainerDefinitions))
		return nil
	}
	judgeContainer(f, service, definition.ContainerDefinitions[0], c.names.Name(naming.LogGroup, "services", service.Name))
	return nil
}

func judgeContainer(f *verify.Findings, service catalog.Service, found types.ContainerDefinition, logGroup string) {
	f.Expect(aws.ToBool(found.ReadonlyRootFilesystem), "can write to its root file system")
	f.Expect(!aws.ToBool(found.Privileged), "is privileged")
	f.Equal("user", aws.ToString(found.User), user)
	linux := found.LinuxParameters
	f.Expect(linux != nil && aws.ToBool(linux.InitProcessEnabled), "has no init process: what its processes leave behind stays")
	f.Expect(linux != nil && linux.Capabilities != nil && slices.Equal(linux.Capabilities.Drop, []string{"ALL"}) && len(linux.Capabilities.Add) == 0,
		"keeps capabilities, expected all of them dropped")
	f.Expect(found.HealthCheck != nil && slices.Contains(found.HealthCheck.Command, healthcheck), "is not asked from inside whether it is healthy")
	f.Equal("time to stop in seconds", int(aws.ToInt32(found.StopTimeout)), service.StopSeconds)
	log := found.LogConfiguration
	f.Expect(log != nil && log.LogDriver == types.LogDriverAwslogs && log.Options["awslogs-group"] == logGroup, "does not log to %s", logGroup)
	open := slices.ContainsFunc(found.PortMappings, func(p types.PortMapping) bool { return int(aws.ToInt32(p.ContainerPort)) != service.Port })
	f.Expect(!open && len(found.PortMappings) == 1, "listens on more than port %d", service.Port)
}
