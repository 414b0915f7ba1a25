package checks

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cutover/cutover/shared/policy/document"
	"github.com/cutover/cutover/shared/policy/graph"
)

// servicesChecks are those of the rows of the layer of services.
var servicesChecks = []Check{
	{Row: "V-01", Run: tasksAreNotPublic},
	{Row: "V-02", Run: tasksRunOnFargate},
	{Row: "V-03", Run: containersHaveNoPrivileges},
	{Row: "V-04", Run: containersAreReadOnly},
	{Row: "V-05", Run: tasksShareNothing},
	{Row: "V-06", Run: credentialsAreSecrets},
	{Row: "V-07", Run: containersLog},
	{Row: "V-08", Run: tasksHaveTwoRoles},
	{Row: "V-09", Run: tasksServeOnePort},
	{Row: "V-10", Run: nobodyExecutes},
	{Row: "V-11", Run: clustersReport},
	{Row: "V-12", Run: deploymentsRollBack},
	{Row: "V-13", Run: imagesAreScanned},
	{Row: "V-14", Run: imagesAreFixed},
}

// Type tokens of the layer of services.
const (
	serviceType    = "aws:ecs/service:Service"
	ecsClusterType = "aws:ecs/cluster:Cluster"
	repositoryType = "aws:ecr/repository:Repository"
)

func tasksAreNotPublic(s *Scope) {
	public := publicSubnets(s)
	for _, service := range s.Each(serviceType, "aws:ecs/taskSet:TaskSet") {
		s.Expect(service.Is("networkConfiguration.assignPublicIp", false), service, "no-address", "networkConfiguration.assignPublicIp", "false, set and not left out")
		for _, subnet := range ofType(service.References("networkConfiguration.subnets"), subnetType) {
			s.Expect(!slices.Contains(public, subnet), service, "private", "networkConfiguration.subnets", "private subnets instead of %s", subnet.Name)
		}
	}
}

func tasksRunOnFargate(s *Scope) {
	for _, service := range s.Each(serviceType) {
		s.Expect(service.Text("launchType") == "FARGATE", service, "fargate", "launchType", "FARGATE")
		s.Expect(slices.Contains([]string{"LATEST", "1.4.0"}, service.Text("platformVersion")), service, "platform", "platformVersion", "LATEST or 1.4.0")
	}
}

// eachContainer calls look for every container of every task definition.
func eachContainer(s *Scope, look func(task *graph.Resource, c container)) {
	for _, task := range s.Each(taskType) {
		for _, c := range containers(s, task) {
			look(task, c)
		}
	}
}

func containersHaveNoPrivileges(s *Scope) {
	eachContainer(s, func(task *graph.Resource, c container) {
		s.Expect(!c.Privileged, task, "privileged", "containerDefinitions", "privileged not true for %s", c.Name)
		s.Expect(slices.Contains(c.Linux.Capabilities.Drop, "ALL") && len(c.Linux.Capabilities.Add) == 0, task, "capabilities", "containerDefinitions", "all capabilities dropped for %s", c.Name)
		uid, err := strconv.Atoi(strings.Split(c.User, ":")[0])
		s.Expect(err == nil && uid > 0, task, "user", "containerDefinitions", "a numbered user that is not root instead of %q for %s", c.User, c.Name)
	})
}

func containersAreReadOnly(s *Scope) {
	eachContainer(s, func(task *graph.Resource, c container) {
		s.Expect(c.ReadOnly, task, "read-only", "containerDefinitions", "readonlyRootFilesystem true for %s", c.Name)
		tmp := false
		for _, mount := range c.Mounts {
			tmp = tmp || mount.Path == "/tmp" && !mount.ReadOnly
		}
		s.Expect(tmp, task, "tmp", "containerDefinitions", "a volume at /tmp for %s", c.Name)
	})
}

func tasksShareNothing(s *Scope) {
	for _, task := range s.Each(taskType) {
		s.Expect(task.Text("networkMode") == "awsvpc", task, "network", "networkMode", "awsvpc")
		for _, mode := range []string{"pidMode", "ipcMode"} {
			_, set := task.Get(mode)
			s.Expect(!set, task, "namespaces", mode, "nothing")
		}
		s.Expect(!task.Is("enableFaultInjection", true), task, "faults", "enableFaultInjection", "not true")
	}
}

// secretName finds environment variables that hold a credential by their name.
var secretName = regexp.MustCompile(`(?i)(password|passwd|secret|token|api_?key|private_?key|credential|access_?key|auth_data)`)

func credentialsAreSecrets(s *Scope) {
	eachContainer(s, func(task *graph.Resource, c container) {
		for _, variable := range c.Environment {
			s.Expect(!secretName.MatchString(variable.Name), task, "environment", "containerDefinitions", "%s of %s among the secrets", variable.Name, c.Name)
		}
		for _, secret := range c.Secrets {
			arn := strings.HasPrefix(secret.ValueFrom, "arn:aws:secretsmanager:") || strings.HasPrefix(secret.ValueFrom, "arn:aws:ssm:")
			s.Expect(arn, task, "secrets", "containerDefinitions", "the ARN of a secret or parameter instead of %q for %s of %s", secret.ValueFrom, secret.Name, c.Name)
		}
	})
}

func containersLog(s *Scope) {
	eachContainer(s, func(task *graph.Resource, c container) {
		declared := slices.ContainsFunc(s.Owners(c.Logging.Options["awslogs-group"]), func(r *graph.Resource) bool { return r.Type == logGroupType })
		s.Expect(c.Logging.Driver == "awslogs" && declared, task, "logs", "containerDefinitions", "awslogs to a declared group for %s", c.Name)
	})
}

func tasksHaveTwoRoles(s *Scope) {
	for _, task := range s.Each(taskType) {
		execution, own := task.Reference("executionRoleArn", roleType), task.Reference("taskRoleArn", roleType)
		s.Expect(execution != nil, task, "two-roles", "executionRoleArn", "a role of ours")
		s.Expect(own != nil && own != execution, task, "two-roles", "taskRoleArn", "another role of ours than the one that starts the task")
		if execution != nil {
			expectOwnStart(s, task, execution)
		}
	}
}

// expectOwnStart demands that the role that starts a task reads the images of
// its own containers alone.
func expectOwnStart(s *Scope, task, role *graph.Resource) {
	var images []string
	for _, c := range containers(s, task) {
		image, _, _ := strings.Cut(c.Image, "@")
		for _, r := range s.Owners(image) {
			images = append(images, r.Output("arn"))
		}
	}
	for _, attachment := range s.Referrers(role, attachmentType, "role") {
		holder := attachment.Reference("policyArn", policyType)
		if holder == nil {
			continue
		}
		policy, err := document.Read(holder, "policy")
		s.Expect(err == nil, holder, "readable", "policy", "a policy document that is known")
		for _, statement := range policy.Statements {
			for _, resource := range statement.Resources {
				foreign := strings.HasPrefix(resource, "arn:aws:ecr:") && !slices.Contains(images, resource)
				s.Expect(statement.Deny || !foreign, holder, "own-image", "policy", "no image but those of %s instead of %q", task.Name, resource)
			}
		}
	}
}

func tasksServeOnePort(s *Scope) {
	for _, service := range s.Each(serviceType) {
		task := service.Reference("taskDefinition", taskType)
		s.Expect(task != nil, service, "task", "taskDefinition", "a task definition of ours")
		if task == nil {
			continue
		}
		var ports []float64
		for _, c := range containers(s, task) {
			for _, port := range c.Ports {
				ports = append(ports, float64(port.Container))
			}
		}
		s.Expect(len(ports) == 1, task, "one-port", "containerDefinitions", "one mapped port instead of %v", ports)
		for _, group := range ofType(service.References("networkConfiguration.securityGroups"), groupType) {
			for _, rule := range s.Referrers(group, ingressType, "securityGroupId") {
				from, _ := rule.Number("fromPort")
				to, _ := rule.Number("toPort")
				source := rule.Reference("referencedSecurityGroupId", groupType)
				balancer := source != nil && len(s.Referrers(source, balancerType, "securityGroups")) > 0
				s.Expect(from == to && (balancer && slices.Contains(ports, from) || calls(s, source, service, from)), rule, "balancer-only", "referencedSecurityGroupId",
					"the balancer's group on the task's port, or on the proxy's that of a service of the same namespace")
			}
		}
	}
}

// calls tells whether a group is that of a service which calls another one
// through Service Connect, and a port that of the other's proxy.
func calls(s *Scope, source, called *graph.Resource, port float64) bool {
	const connect = "serviceConnectConfiguration."
	proxy := slices.ContainsFunc(called.Items(connect+"services"), func(each map[string]any) bool { return each["ingressPortOverride"] == port })
	namespace := called.Text(connect + "namespace")
	return proxy && source != nil && slices.ContainsFunc(s.OfType(serviceType), func(caller *graph.Resource) bool {
		groups := caller.References("networkConfiguration.securityGroups")
		return namespace != "" && caller.Text(connect+"namespace") == namespace && slices.Contains(groups, source)
	})
}

func nobodyExecutes(s *Scope) {
	for _, service := range s.Each(serviceType) {
		if service.Is("enableExecuteCommand", false) {
			continue
		}
		s.Expect(!s.Production(), service, "no-exec", "enableExecuteCommand", "false, set and not left out")
		cluster := service.Reference("cluster", ecsClusterType)
		const configuration = "configuration.executeCommandConfiguration."
		guarded := cluster != nil && cluster.Reference(configuration+"kmsKeyId", keyType) != nil && cluster.Reference(configuration+"logConfiguration", logGroupType) != nil
		s.Expect(guarded, service, "recorded", "cluster", "a cluster that encrypts and records commands")
	}
}

func clustersReport(s *Scope) {
	for _, cluster := range s.Each(ecsClusterType) {
		on := slices.ContainsFunc(cluster.Items("settings"), func(setting map[string]any) bool {
			return setting["name"] == "containerInsights" && (setting["value"] == "enabled" || setting["value"] == "enhanced")
		})
		s.Expect(on, cluster, "insights", "settings", "containerInsights enabled or enhanced")
	}
}

func deploymentsRollBack(s *Scope) {
	for _, service := range s.Each(serviceType) {
		for _, path := range []string{"deploymentCircuitBreaker.enable", "deploymentCircuitBreaker.rollback"} {
			s.Expect(service.Is(path, true), service, "circuit-breaker", path, "true")
		}
		for _, path := range []string{"alarms.enable", "alarms.rollback"} {
			s.Expect(service.Is(path, true), service, "alarms", path, "true")
		}
		expectWatched(s, service)
		least, _ := service.Number("deploymentMinimumHealthyPercent")
		most, _ := service.Number("deploymentMaximumPercent")
		s.Expect(least == 100 && most == 200, service, "capacity", "deploymentMinimumHealthyPercent", "100, and at most 200")
		s.Expect(service.Text("availabilityZoneRebalancing") == "ENABLED", service, "zones", "availabilityZoneRebalancing", "ENABLED")
		expectScaled(s, service)
	}
}

// expectWatched demands that a deployment is ended by alarms that exist.
func expectWatched(s *Scope, service *graph.Resource) {
	const path = "alarms.alarmNames"
	names := service.Texts(path)
	s.Expect(len(names) > 0, service, "alarms", path, "at least one alarm")
	for _, name := range names {
		declared := slices.ContainsFunc(s.OfType(alarmType), func(r *graph.Resource) bool { return r.Text("name") == name })
		s.Expect(declared, service, "alarms", path, "alarms of ours instead of %q", name)
	}
}

func expectScaled(s *Scope, service *graph.Resource) {
	name := "service/" + idName(service.Reference("cluster", ecsClusterType)) + "/" + service.Text("name")
	targets := s.Where(func(r *graph.Resource) bool {
		return r.Type == "aws:appautoscaling/target:Target" && r.Text("resourceId") == name
	})
	s.Expect(len(targets) == 1, service, "scales", "", "a target of autoscaling %s", name)
	for _, target := range targets {
		least, _ := target.Number("minCapacity")
		s.Expect(least >= 2 || !s.Production(), target, "scales", "minCapacity", "at least 2")
		s.Expect(slices.Contains(service.IgnoreChanges, "desiredCount"), service, "scales", "desiredCount", "ignoreChanges on it: autoscaling owns the value")
	}
}

func idName(r *graph.Resource) string {
	if r == nil {
		return ""
	}
	return r.Text("name")
}

func imagesAreScanned(s *Scope) {
	registry := s.OfType("aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration")
	for _, repository := range s.Each(repositoryType) {
		s.Expect(repository.Is("imageScanningConfiguration.scanOnPush", true) || len(registry) > 0, repository, "scanned", "imageScanningConfiguration.scanOnPush", "true")
	}
}

// byDigest finds images that are referred to by what they contain.
var byDigest = regexp.MustCompile(`@sha256:[0-9a-f]{64}$`)

func imagesAreFixed(s *Scope) {
	for _, repository := range s.Each(repositoryType) {
		s.Expect(repository.Text("imageTagMutability") == "IMMUTABLE", repository, "immutable", "imageTagMutability", "IMMUTABLE")
		key := repository.Reference("encryptionConfigurations[0].kmsKey", keyType)
		s.Expect(repository.Text("encryptionConfigurations[0].encryptionType") == "KMS" && isDomain(s, key, "images"), repository, "images-key", "encryptionConfigurations", "KMS with the key for images")
		s.Expect(len(s.Referrers(repository, "aws:ecr/lifecyclePolicy:LifecyclePolicy", "repository")) == 1, repository, "lifecycle", "", "one lifecycle policy")
		for _, holder := range s.Referrers(repository, "aws:ecr/repositoryPolicy:RepositoryPolicy", "repository") {
			policy, err := document.Read(holder, "policy")
			s.Expect(err == nil, holder, "readable", "policy", "a policy document that is known")
			for _, statement := range policy.Statements {
				for _, principal := range statement.Principals["AWS"] {
					s.Expect(statement.Deny || strings.Contains(principal, ":"+s.Environment.AccountID+":"), holder, "own-account", "policy", "principals of this account instead of %q", principal)
				}
			}
		}
	}
	eachContainer(s, func(task *graph.Resource, c container) {
		s.Expect(byDigest.MatchString(c.Image), task, "digest", "containerDefinitions", "an image by its digest instead of %q for %s", c.Image, c.Name)
	})
}
