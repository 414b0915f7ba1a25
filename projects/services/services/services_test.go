package services

import (
	"encoding/json"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/pulumitest"
)

// Type tokens of what the layer registers.
const (
	cluster        = "aws:ecs/cluster:Cluster"
	ecsService     = "aws:ecs/service:Service"
	taskDefinition = "aws:ecs/taskDefinition:TaskDefinition"
	logGroup       = "aws:cloudwatch/logGroup:LogGroup"
	repository     = "aws:ecr/repository:Repository"
	policy         = "aws:iam/policy:Policy"
	attachment     = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	ingressRule    = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
)

func stackFile(t *testing.T, env string) string {
	t.Helper()
	file, err := filepath.Abs(filepath.Join("..", "Pulumi."+env+".yaml"))
	require.NoError(t, err)
	return file
}

func options(t *testing.T, env string) pulumitest.Options {
	t.Helper()
	return pulumitest.Options{
		Layer:     contract.Services,
		Stack:     env,
		StackFile: stackFile(t, env),
		Upstream: map[contract.Layer]map[string]any{
			contract.Foundation: pulumitest.Exports[contract.FoundationOutputs](t),
			contract.Security:   pulumitest.Exports[contract.SecurityOutputs](t),
			contract.Data:       pulumitest.Exports[contract.DataOutputs](t),
			contract.Edge:       pulumitest.Exports[contract.EdgeOutputs](t),
		},
		Computed: func(r pulumitest.Resource) map[string]any {
			if r.Type == repository {
				return map[string]any{"repositoryUrl": "registry.example/" + r.Inputs["name"].(string)}
			}
			if r.Type == queueType {
				return map[string]any{"url": "https://queues.example/" + r.Inputs["name"].(string)}
			}
			return nil
		},
	}
}

func run(t *testing.T, env string, set map[string]string) *pulumitest.Recording {
	t.Helper()
	opts := options(t, env)
	opts.Config = set
	return pulumitest.MustRun(t, opts, Program)
}

func listed(t *testing.T) []catalog.Service {
	t.Helper()
	services, err := catalog.Load()
	require.NoError(t, err)
	return services.Services
}

// theContainer returns the only container of a task.
func theContainer(t *testing.T, recording *pulumitest.Recording, name string) container {
	t.Helper()
	var containers []container
	text := recording.Find(t, taskDefinition, name).Inputs["containerDefinitions"].(string)
	require.NoError(t, json.Unmarshal([]byte(text), &containers))
	require.Len(t, containers, 1)
	return containers[0]
}

func TestEveryStackFileLoads(t *testing.T) {
	for _, env := range config.Names() {
		require.NoError(t, CheckConfig(stackFile(t, env)), env)
		run(t, env, nil)
	}
}

func TestExportsTheWholeContract(t *testing.T) {
	recording := run(t, "local", nil)
	for _, key := range contract.Keys[contract.ServicesOutputs]() {
		require.NotEmpty(t, recording.Exports[key], key)
	}
	require.Equal(t, "cutover-local-green", recording.Exports["greenClusterName"])
	require.Equal(t, "registry.example/cutover/local/reporting", recording.Exports["repositoryUrls"].(map[string]any)["reporting"])
}

// On an empty account nothing upstream exists yet.
func TestPreviewWorksBeforeAnythingIsDeployed(t *testing.T) {
	opts := options(t, "prod")
	opts.Upstream, opts.DryRun = nil, true
	recording := pulumitest.MustRun(t, opts, Program)
	require.Len(t, recording.OfType(ecsService), 2*len(listed(t)))
}

func TestUpdateNamesTheLayerThatIsMissing(t *testing.T) {
	opts := options(t, "local")
	delete(opts.Upstream, contract.Edge)
	_, err := pulumitest.Run(t, opts, Program)
	require.ErrorContains(t, err, `layer "edge", stack "organization/edge/local": has no outputs yet: run `+"`mage deploy:edge` first")
}

func TestServicesRunPrivatelyOnFargateAndGoBackWhenADeploymentFails(t *testing.T) {
	recording := run(t, "prod", nil)
	for _, color := range []string{"blue", "green"} {
		for _, each := range listed(t) {
			service := recording.Find(t, ecsService, color+"-"+each.Name).Inputs
			for property, want := range map[string]any{
				"name": "cutover-prod-" + color + "-" + each.Name, "launchType": "FARGATE", "platformVersion": "LATEST",
				"enableExecuteCommand": false, "availabilityZoneRebalancing": "ENABLED", "waitForSteadyState": true,
				"deploymentMinimumHealthyPercent": 100.0, "deploymentMaximumPercent": 200.0,
			} {
				require.Equal(t, want, service[property], property)
			}
			require.Equal(t, map[string]any{"enable": true, "rollback": true}, service["deploymentCircuitBreaker"])
			network := service["networkConfiguration"].(map[string]any)
			require.Equal(t, false, network["assignPublicIp"])
			require.Len(t, network["subnets"], 3)
			require.Equal(t, "foundation/"+color+"PrivateSubnetIds/0", network["subnets"].([]any)[0])
			require.Equal(t, []any{"foundation/" + color + "ServiceSecurityGroupIds/" + each.Name}, network["securityGroups"])
			target := service["loadBalancers"].([]any)[0].(map[string]any)
			require.Equal(t, "edge/"+color+"TargetGroupArns/"+each.Name, target["targetGroupArn"])
			require.InEpsilon(t, each.Port, target["containerPort"], 0)
			require.Equal(t, target["containerName"], theContainer(t, recording, color+"-"+each.Name).Name)
		}
	}
}

func TestContainersCanDoLittleAndWriteNowhereButTmp(t *testing.T) {
	recording := run(t, "local", nil)
	for _, each := range listed(t) {
		task := recording.Find(t, taskDefinition, "green-"+each.Name).Inputs
		require.Equal(t, "awsvpc", task["networkMode"])
		require.Equal(t, []any{"FARGATE"}, task["requiresCompatibilities"])
		require.Nil(t, task["pidMode"])
		require.Nil(t, task["ipcMode"])
		require.Equal(t, strconv.Itoa(each.CPU), task["cpu"])
		require.Equal(t, strconv.Itoa(each.Memory), task["memory"])
		require.Equal(t, map[string]any{"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}, task["runtimePlatform"])
		require.Equal(t, "security/greenTaskRoleArns/"+each.Name, task["taskRoleArn"])
		require.Equal(t, "security/greenExecutionRoleArns/"+each.Name, task["executionRoleArn"])
		require.Equal(t, []any{map[string]any{"name": "tmp"}}, task["volumes"])

		c := theContainer(t, recording, "green-"+each.Name)
		require.Regexp(t, `^[1-9][0-9]*:[1-9][0-9]*$`, c.User)
		require.True(t, c.ReadonlyRootFilesystem)
		require.True(t, c.LinuxParameters.InitProcessEnabled)
		require.Equal(t, []string{"ALL"}, c.LinuxParameters.Capabilities.Drop)
		require.Equal(t, []mountPoint{{SourceVolume: "tmp", ContainerPath: "/tmp"}}, c.MountPoints)
		require.Equal(t, []portMapping{{Name: each.Name, ContainerPort: each.Port, HostPort: each.Port, Protocol: "tcp"}}, c.PortMappings)
		require.Equal(t, each.StopSeconds, c.StopTimeout)
		require.Contains(t, c.HealthCheck.Command[2], each.Health)
		require.Equal(t, "awslogs", c.LogConfiguration.LogDriver)
		require.Equal(t, "/cutover/local/green/services/"+each.Name, c.LogConfiguration.Options["awslogs-group"])
	}
}

func TestImagesAreNamedByDigestInTheOwnRepository(t *testing.T) {
	for _, each := range listed(t) {
		c := theContainer(t, run(t, "staging", nil), "blue-"+each.Name)
		require.Regexp(t, `^registry\.example/cutover/staging/`+each.Name+`@sha256:[0-9a-f]{64}$`, c.Image)
	}
}

const networkSecret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:card-network-AbCdEf"

// withSecret is a blue colour whose payment service has one secret.
func withSecret(t *testing.T, name, arn string) map[string]string {
	t.Helper()
	releases := make(map[string]Release)
	for _, each := range listed(t) {
		releases[each.Name] = Release{Digest: "sha256:" + sixtyFour("a"), Tasks: Tasks{Min: 1, Max: 2}}
	}
	text := make(map[string]any)
	for service, release := range releases {
		text[service] = map[string]any{"digest": release.Digest, "tasks": map[string]int{"min": release.Tasks.Min, "max": release.Tasks.Max}}
	}
	text["payment-api"].(map[string]any)["secrets"] = map[string]string{name: arn}
	value, err := json.Marshal(text)
	require.NoError(t, err)
	return map[string]string{"services:blue": string(value)}
}

func TestExecutionRoleReadsOnlyWhatItsServiceNeeds(t *testing.T) {
	recording := run(t, "local", withSecret(t, "CARD_NETWORK_KEY", networkSecret))
	for _, color := range []string{"blue", "green"} {
		for _, each := range listed(t) {
			text := recording.Find(t, policy, color+"-"+each.Name+"-execution").Inputs["policy"].(string)
			require.Contains(t, text, `"Resource":["arn:aws:mock:us-east-1:123456789012:aws:ecr/repository:Repository/images-`+each.Name+`"]`)
			require.Contains(t, text, `aws:cloudwatch/logGroup:LogGroup/`+color+`-`+each.Name+`:*"]`)
			for _, other := range listed(t) {
				if other.Name != each.Name {
					require.NotContains(t, text, other.Name)
				}
			}
			hasSecret := color == "blue" && each.Name == "payment-api"
			require.Equal(t, hasSecret, containsAll(text, networkSecret, "kms:Decrypt", "security/blueSecretsKeyArn", "kms:ViaService"), text)
			require.Equal(t, hasSecret, containsAll(text, "secretsmanager:GetSecretValue"), text)
			role := recording.Find(t, attachment, color+"-"+each.Name+"-execution-on-execution").Inputs["role"]
			require.Equal(t, "security/"+color+"ExecutionRoleNames/"+each.Name, role)
		}
	}
	c := theContainer(t, recording, "blue-payment-api")
	require.Equal(t, []variableSecret{
		{Name: "CARD_NETWORK_KEY", ValueFrom: networkSecret},
		{Name: "DB_LOGIN", ValueFrom: "data/blueApplicationSecretArns/payment-api"},
	}, c.Secrets)
}

func TestOnlyTheBalancerReachesAService(t *testing.T) {
	recording := run(t, "local", nil)
	require.Len(t, recording.OfType(ingressRule), 2*(len(listed(t))+1), "one more for the service that another one calls")
	for _, each := range listed(t) {
		rule := recording.Find(t, ingressRule, "blue-"+each.Name+"-from-alb").Inputs
		require.Equal(t, "foundation/blueServiceSecurityGroupIds/"+each.Name, rule["securityGroupId"])
		require.Equal(t, "edge/blueAlbSecurityGroupId", rule["referencedSecurityGroupId"])
		require.InEpsilon(t, each.Port, rule["fromPort"], 0)
		require.InEpsilon(t, each.Port, rule["toPort"], 0)
		require.Nil(t, rule["cidrIpv4"])
	}
}

func TestEveryLogGroupIsEncryptedAndKeptForNinetyDays(t *testing.T) {
	recording := run(t, "local", nil)
	require.Len(t, recording.OfType(logGroup), 2*(len(listed(t))+1))
	for _, each := range recording.OfType(logGroup) {
		require.InEpsilon(t, 90, each.Inputs["retentionInDays"], 0)
		require.Regexp(t, `^security/(blue|green)LogsKeyArn$`, each.Inputs["kmsKeyId"])
	}
	insights := recording.Find(t, logGroup, "blue-insights").Inputs["name"]
	require.Equal(t, "/aws/ecs/containerinsights/cutover-local-blue/performance", insights)
	require.Equal(t, []any{map[string]any{"name": "containerInsights", "value": "enabled"}}, recording.Find(t, cluster, "blue").Inputs["settings"])
}

func TestRepositoriesAreImmutableScannedAndEncrypted(t *testing.T) {
	recording := run(t, "prod", nil)
	require.Len(t, recording.OfType(repository), len(listed(t)))
	for _, each := range recording.OfType(repository) {
		require.Equal(t, "IMMUTABLE", each.Inputs["imageTagMutability"])
		require.Equal(t, map[string]any{"scanOnPush": true}, each.Inputs["imageScanningConfiguration"])
		require.Equal(t, []any{map[string]any{"encryptionType": "KMS", "kmsKey": "security/imagesKeyArn"}}, each.Inputs["encryptionConfigurations"])
		require.Equal(t, false, each.Inputs["forceDelete"])
		require.True(t, each.Protect)
		// Amazon ECR refuses upper case; the emulator takes it.
		require.Regexp(t, `^[a-z0-9]+(?:[._/-][a-z0-9]+)*$`, each.Inputs["name"])
	}
}

// A stack may record any image but a build, also one without a tag.
func TestLifecycleExpiresBuildsOnly(t *testing.T) {
	text, err := lifecycle()
	require.NoError(t, err)
	require.JSONEq(t, `{"rules":[{"rulePriority":1,"description":"Keep the latest builds","selection":{"tagStatus":"tagged",
		"tagPrefixList":["build-"],"countType":"imageCountMoreThan","countNumber":50},"action":{"type":"expire"}}]}`, text)
}

func TestArgumentsAreJudgedTogether(t *testing.T) {
	_, err := pulumitest.Run(t, options(t, "local"), func(ctx *pulumi.Context) error {
		_, err := NewWorkload(ctx, "blue-x", &WorkloadArgs{
			Service: catalog.Service{Name: "x", Port: 443, SendsTo: []string{"y"}, Queue: &catalog.Queue{}},
			Release: Release{Digest: "latest", Tasks: Tasks{Min: -1, Max: 1001}},
		})
		for _, want := range []string{
			`image digest "latest"`, "-1 to 1001 tasks, expected bounds from 0 to 1000", "port 443", "repository or cluster is missing",
			"queue of x is missing", "queue of y is missing", "a backlog for each task belongs to a queue of its own",
		} {
			require.ErrorContains(t, err, want)
		}
		_, err = NewQueue(ctx, "blue-x", &QueueArgs{Service: catalog.Service{Name: "x"}})
		require.ErrorContains(t, err, "queue of x: the catalogue has none")
		require.ErrorContains(t, err, "queue of x: key is missing")
		_, err = NewRepositories(ctx, "images", &RepositoriesArgs{})
		require.ErrorContains(t, err, "repositories services: none")
		require.ErrorContains(t, err, "repositories key: is missing")
		_, err = NewCluster(ctx, "blue", &ClusterArgs{})
		require.ErrorContains(t, err, "cluster log key: is missing")
		return nil
	})
	require.NoError(t, err)
}
