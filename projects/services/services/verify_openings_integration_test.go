//go:build integration

package services

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/verify"
)

// remake makes a repository anew, without the key for images.
func (s *stage) remake(service string, scan *ecrtypes.ImageScanningConfiguration) error {
	name := aws.String(repositoryOf(service))
	if _, err := s.registry.DeleteRepository(s.t.Context(), &ecr.DeleteRepositoryInput{RepositoryName: name}); err != nil {
		return err
	}
	_, err := s.registry.CreateRepository(s.t.Context(), &ecr.CreateRepositoryInput{RepositoryName: name, ImageScanningConfiguration: scan})
	return err
}

// seesOpenings spoils where images lie, who calls whom, and what scales.
func (s *stage) seesOpenings(t *testing.T) {
	const payments, processor, reporting = "payment-api", "transaction-processor", "reporting"
	ctx := t.Context()
	connected := func(service string, change func(*types.ServiceConnectConfiguration)) func() {
		return func() {
			part := s.connect(service)
			change(part)
			s.update(&ecs.UpdateServiceInput{ServiceConnectConfiguration: part}, service)
		}
	}
	before := s.verify()
	for _, c := range []struct {
		seen  string
		spoil func() error
	}{
		{"repository cutover/local/payment-api: mutability of tags is MUTABLE, expected IMMUTABLE", func() error {
			_, err := s.registry.PutImageTagMutability(ctx, &ecr.PutImageTagMutabilityInput{RepositoryName: aws.String(repositoryOf(payments)), ImageTagMutability: ecrtypes.ImageTagMutabilityMutable})
			return err
		}},
		{"repository cutover/local/payment-api: has another lifecycle than it was given", func() error { s.expire(payments, 1); return nil }},
		{"repository cutover/local/transaction-processor: keeps every build for ever", func() error {
			_, err := s.registry.DeleteLifecyclePolicy(ctx, &ecr.DeleteLifecyclePolicyInput{RepositoryName: aws.String(repositoryOf(processor))})
			return err
		}},
		{"repository cutover/local/transaction-processor: has a policy that lets others in", func() error {
			_, err := s.registry.SetRepositoryPolicy(ctx, &ecr.SetRepositoryPolicyInput{RepositoryName: aws.String(repositoryOf(processor)), PolicyText: aws.String(
				`{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Action":"ecr:BatchGetImage"}]}`)})
			return err
		}},
		{"repository cutover/local/reporting: is not encrypted with the key for images", func() error {
			return s.remake(reporting, &ecrtypes.ImageScanningConfiguration{ScanOnPush: true})
		}},
		{"repository cutover/local/reporting: does not scan what is pushed", func() error { return s.remake(reporting, nil) }},
		{"payment-api in blue: value of scaling by cpu is 90, expected", func() error {
			s.aim(payments, aim{name: "cpu", value: 90, kind: "ECSServiceAverageCPUUtilization"}, "")
			return nil
		}},
		{"payment-api in blue: metric of scaling by memory is ECSServiceAverageCPUUtilization, expected ECSServiceAverageMemoryUtilization", func() error {
			s.aim(payments, aim{name: "memory", value: s.cfg.Scaling[payments].MemoryPercent, kind: "ECSServiceAverageCPUUtilization"}, "")
			return nil
		}},
		{`reporting in blue: scaling by requests counts those of "app/b/1/targetgroup/other/1", expected its own target group`, func() error {
			s.aim(reporting, aim{name: "requests", value: s.cfg.Scaling[reporting].RequestsPerTarget, kind: ofRequests}, "arn:targetgroup/other/1")
			return nil
		}},
		{"transaction-processor in blue: does not scale by backlog", func() error { s.unaim(processor, "backlog"); return nil }},
		{"payment-api in blue: scales by [cutover-local-blue-payment-api-by-hand], which nobody configured", func() error {
			s.aim(payments, aim{name: "by-hand", value: 1, kind: "ECSServiceAverageCPUUtilization"}, "")
			return nil
		}},
		{"transaction-processor in blue: is not reached as transaction-processor:8444", func() error {
			connected(processor, func(c *types.ServiceConnectConfiguration) { c.Services[0].ClientAliases[0].Port = aws.Int32(80) })()
			return nil
		}},
		{"transaction-processor in blue: port of the proxy is 0, expected 9443", func() error {
			connected(processor, func(c *types.ServiceConnectConfiguration) { c.Services[0].IngressPortOverride = nil })()
			return nil
		}},
		{"transaction-processor in blue: can be called as [], expected as transaction-processor alone", func() error {
			connected(processor, func(c *types.ServiceConnectConfiguration) { c.Services = nil })()
			return nil
		}},
		{`payment-api in blue: is registered in the namespace "elsewhere"`, func() error {
			connected(payments, func(c *types.ServiceConnectConfiguration) { c.Namespace = aws.String("elsewhere") })()
			return nil
		}},
		{"payment-api in blue: takes no part in calls between services", func() error {
			connected(payments, func(c *types.ServiceConnectConfiguration) { c.Enabled = false })()
			return nil
		}},
		{"reporting in blue: takes part in calls between services, expected not to", func() error {
			connected(reporting, func(c *types.ServiceConnectConfiguration) { c.Enabled = true })()
			return nil
		}},
		{"transaction-processor in blue: namespace cutover-local-blue does not exist: no service finds another", func() error {
			_, err := s.discovery.DeleteNamespace(ctx, &servicediscovery.DeleteNamespaceInput{Id: aws.String(s.namespace[strings.LastIndex(s.namespace, "/")+1:])})
			return err
		}},
	} {
		require.NotContains(t, textOf(before), c.seen)
		require.NoError(t, c.spoil(), c.seen)
		before = s.verify()
		require.ErrorContains(t, before, c.seen)
	}
}

// seesDefinitions asks for revisions that can do more than the layer lets them.
func (s *stage) seesDefinitions(t *testing.T) {
	service := s.service("payment-api")
	own := func(change func(*types.ContainerDefinition)) func(*ecs.RegisterTaskDefinitionInput) {
		return func(d *ecs.RegisterTaskDefinitionInput) { change(&d.ContainerDefinitions[0]) }
	}
	for seen, change := range map[string]func(*ecs.RegisterTaskDefinitionInput){
		"number of CPU units is 4096, expected 1024":    func(d *ecs.RegisterTaskDefinitionInput) { d.Cpu = aws.String("4096") },
		"memory in MiB is 8192, expected 2048":          func(d *ecs.RegisterTaskDefinitionInput) { d.Memory = aws.String("8192") },
		"expected one of its own for each":              func(d *ecs.RegisterTaskDefinitionInput) { d.TaskRoleArn = d.ExecutionRoleArn },
		"can write to its root file system":             own(func(c *types.ContainerDefinition) { c.ReadonlyRootFilesystem = aws.Bool(false) }),
		"is privileged":                                 own(func(c *types.ContainerDefinition) { c.Privileged = aws.Bool(true) }),
		"user is root, expected 65532:65532":            own(func(c *types.ContainerDefinition) { c.User = aws.String("root") }),
		"has no init process":                           own(func(c *types.ContainerDefinition) { c.LinuxParameters.InitProcessEnabled = aws.Bool(false) }),
		"keeps capabilities":                            own(func(c *types.ContainerDefinition) { c.LinuxParameters.Capabilities.Add = []string{"SYS_PTRACE"} }),
		"is not asked from inside":                      own(func(c *types.ContainerDefinition) { c.HealthCheck = nil }),
		"time to stop in seconds is 2, expected 60":     own(func(c *types.ContainerDefinition) { c.StopTimeout = aws.Int32(2) }),
		"does not log to /cutover/local/blue/services/": own(func(c *types.ContainerDefinition) { c.LogConfiguration.Options["awslogs-group"] = "elsewhere" }),
		"listens on more than port 8443": own(func(c *types.ContainerDefinition) {
			c.PortMappings = append(c.PortMappings, types.PortMapping{ContainerPort: aws.Int32(8080)})
		}),
	} {
		asked := s.define(service, s.cfg.Blue[service.Name].Digest, change)
		f := verify.About("payment-api in blue")
		v, err := newVerifier(s.args)
		require.NoError(t, err)
		require.NoError(t, v.in(naming.Blue).checkDefinition(t.Context(), f, service, asked))
		require.ErrorContains(t, f.Err(), seen)
	}
}
