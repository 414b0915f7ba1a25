package services

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
)

const (
	// user and group of every container, by number: a name would be looked up in
	// the image.
	user = "65532:65532"
	// scratch is the only directory a container can write to.
	scratch     = "/tmp"
	scratchName = "tmp"
	// healthcheck is the program that every image carries for the check from inside.
	healthcheck = "/healthcheck"
)

// container is a container definition as ECS reads it (Amazon ECS API
// reference, ContainerDefinition).
type container struct {
	Name                   string           `json:"name"`
	Image                  string           `json:"image"`
	Essential              bool             `json:"essential"`
	User                   string           `json:"user"`
	ReadonlyRootFilesystem bool             `json:"readonlyRootFilesystem"`
	PortMappings           []portMapping    `json:"portMappings"`
	Environment            []variableValue  `json:"environment"`
	Secrets                []variableSecret `json:"secrets,omitempty"`
	MountPoints            []mountPoint     `json:"mountPoints"`
	LinuxParameters        linuxParameters  `json:"linuxParameters"`
	HealthCheck            healthCheck      `json:"healthCheck"`
	StopTimeout            int              `json:"stopTimeout"`
	LogConfiguration       logConfiguration `json:"logConfiguration"`
}

type portMapping struct {
	// Name is what Service Connect calls the port.
	Name          string `json:"name"`
	ContainerPort int    `json:"containerPort"`
	HostPort      int    `json:"hostPort"`
	Protocol      string `json:"protocol"`
}

type variableValue struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type variableSecret struct {
	Name      string `json:"name"`
	ValueFrom string `json:"valueFrom"`
}

type mountPoint struct {
	SourceVolume  string `json:"sourceVolume"`
	ContainerPath string `json:"containerPath"`
	ReadOnly      bool   `json:"readOnly"`
}

type linuxParameters struct {
	InitProcessEnabled bool         `json:"initProcessEnabled"`
	Capabilities       capabilities `json:"capabilities"`
}

type capabilities struct {
	Drop []string `json:"drop"`
}

// healthCheck's times are in seconds.
type healthCheck struct {
	Command     []string `json:"command"`
	Interval    int      `json:"interval"`
	Timeout     int      `json:"timeout"`
	Retries     int      `json:"retries"`
	StartPeriod int      `json:"startPeriod"`
}

type logConfiguration struct {
	LogDriver string            `json:"logDriver"`
	Options   map[string]string `json:"options"`
}

func (w *Workload) addTaskDefinition(ctx *pulumi.Context, name string, args *WorkloadArgs) error {
	principals, service := args.Around.principals, args.Service.Name
	definition, err := ecs.NewTaskDefinition(ctx, name, &ecs.TaskDefinitionArgs{
		Family:                  pulumi.String(w.physical),
		RequiresCompatibilities: pulumi.StringArray{pulumi.String(fargate)},
		NetworkMode:             pulumi.String("awsvpc"),
		Cpu:                     pulumi.String(strconv.Itoa(args.Service.CPU)),
		Memory:                  pulumi.String(strconv.Itoa(args.Service.Memory)),
		RuntimePlatform: ecs.TaskDefinitionRuntimePlatformArgs{
			CpuArchitecture:       pulumi.String(args.Architecture),
			OperatingSystemFamily: pulumi.String("LINUX"),
		},
		ExecutionRoleArn:     component.Entry(principals.ExecutionRoleARNs, string(args.Color)+" execution roles of the security layer", service).ToStringPtrOutput(),
		TaskRoleArn:          component.Entry(principals.TaskRoleARNs, string(args.Color)+" task roles of the security layer", service).ToStringPtrOutput(),
		Volumes:              ecs.TaskDefinitionVolumeArray{ecs.TaskDefinitionVolumeArgs{Name: pulumi.String(scratchName)}},
		ContainerDefinitions: w.containers(args),
		// A service that went back runs the revision before, and ECS goes back to no
		// revision that was deregistered.
		SkipDestroy: pulumi.Bool(true),
	}, pulumi.Parent(w))
	if err != nil {
		return fmt.Errorf("task definition: %w", err)
	}
	w.definition, w.TaskDefinitionARN = definition, definition.Arn
	return nil
}

// render writes the container: no root, no capability, nothing writable but the
// scratch volume. The only login to the database that it hands over is the
// service's own.
func render(args *WorkloadArgs, image, logGroup string, variables, credentials map[string]string) container {
	service := args.Service
	return container{
		Name:                   service.Name,
		Image:                  image,
		Essential:              true,
		User:                   user,
		ReadonlyRootFilesystem: true,
		PortMappings:           []portMapping{{Name: service.Name, ContainerPort: service.Port, HostPort: service.Port, Protocol: "tcp"}},
		Environment:            environment(variables),
		Secrets:                secrets(credentials),
		MountPoints:            []mountPoint{{SourceVolume: scratchName, ContainerPath: scratch}},
		LinuxParameters:        linuxParameters{InitProcessEnabled: true, Capabilities: capabilities{Drop: []string{"ALL"}}},
		HealthCheck: healthCheck{
			Command:     []string{"CMD", healthcheck, fmt.Sprintf("https://127.0.0.1:%d%s", service.Port, service.Health)},
			Interval:    10,
			Timeout:     5,
			Retries:     3,
			StartPeriod: 30,
		},
		StopTimeout:      service.StopSeconds,
		LogConfiguration: logConfiguration{LogDriver: "awslogs", Options: logOptions(logGroup, service.Name)},
	}
}

// logOptions let payments go on when logs cannot be delivered; the buffer bridges
// that.
func logOptions(group, prefix string) map[string]string {
	return map[string]string{
		"awslogs-group":         group,
		"awslogs-region":        config.Region,
		"awslogs-stream-prefix": prefix,
		"mode":                  "non-blocking",
		"max-buffer-size":       "25m",
	}
}

func secrets(arns map[string]string) []variableSecret {
	var list []variableSecret
	for _, name := range slices.Sorted(maps.Keys(arns)) {
		list = append(list, variableSecret{Name: name, ValueFrom: arns[name]})
	}
	return list
}
