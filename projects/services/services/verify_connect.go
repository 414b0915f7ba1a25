package services

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/verify"
)

// checkConnect expects the part of a service in calls between services to be that
// of the catalogue, in the namespace of its colour.
func (c *colorVerifier) checkConnect(ctx context.Context, f *verify.Findings, service catalog.Service, found ecstypes.Service) error {
	part := connectOf(found)
	called := len(c.listed.CallersOf(service.Name)) > 0
	if !called && len(service.Calls) == 0 {
		f.Expect(part == nil || !part.Enabled, "takes part in calls between services, expected not to")
		return nil
	}
	if part == nil || !part.Enabled {
		f.Expect(false, "takes no part in calls between services: Service Connect is off")
		return nil
	}
	namespace, err := c.namespace(ctx)
	if err != nil {
		return err
	}
	// Amazon ECS answers with the namespace as it was given, by name or by ARN.
	known := slices.Contains([]string{c.cluster(), namespace}, aws.ToString(part.Namespace))
	f.Expect(known, "is registered in the namespace %q, expected %s", aws.ToString(part.Namespace), namespace)
	judgeRegistration(f, service, called, part.Services)
	return nil
}

// connectOf is the part that the primary deployment takes; nil for none.
func connectOf(found ecstypes.Service) *ecstypes.ServiceConnectConfiguration {
	for _, deployment := range found.Deployments {
		if aws.ToString(deployment.Status) == "PRIMARY" {
			return deployment.ServiceConnectConfiguration
		}
	}
	return nil
}

// namespace is the ARN of the colour's names, by which its services find each other.
func (c *colorVerifier) namespace(ctx context.Context) (string, error) {
	pages := servicediscovery.NewListNamespacesPaginator(c.discovery, &servicediscovery.ListNamespacesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", fmt.Errorf("namespace: %w", err)
		}
		for _, each := range page.Namespaces {
			if aws.ToString(each.Name) == c.cluster() && each.Type == types.NamespaceTypeHttp {
				return aws.ToString(each.Arn), nil
			}
		}
	}
	return "", fmt.Errorf("namespace %s does not exist: no service finds another", c.cluster())
}

// judgeRegistration expects the name and ports under which callers reach the
// proxy of a service that is called, and of one that only calls nothing.
func judgeRegistration(f *verify.Findings, service catalog.Service, called bool, found []ecstypes.ServiceConnectService) {
	if !called {
		f.Expect(len(found) == 0, "can be called as %v, expected nobody to call it", discovered(found))
		return
	}
	if len(found) != 1 {
		f.Expect(false, "can be called as %v, expected as %s alone", discovered(found), service.Name)
		return
	}
	one := found[0]
	f.Equal("name for callers", aws.ToString(one.DiscoveryName), service.Name)
	f.Equal("name of the port for callers", aws.ToString(one.PortName), service.Name)
	f.Equal("port of the proxy", aws.ToInt32(one.IngressPortOverride), int32(catalog.ConnectPort))
	reached := len(one.ClientAliases) == 1 && aws.ToString(one.ClientAliases[0].DnsName) == service.Name &&
		int(aws.ToInt32(one.ClientAliases[0].Port)) == service.Port
	f.Expect(reached, "is not reached as %s:%d", service.Name, service.Port)
}

func discovered(services []ecstypes.ServiceConnectService) []string {
	names := make([]string, len(services))
	for i, each := range services {
		names[i] = aws.ToString(each.DiscoveryName)
	}
	return names
}
