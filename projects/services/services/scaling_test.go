package services

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/pulumitest"
)

const (
	scalingTarget = "aws:appautoscaling/target:Target"
	scalingPolicy = "aws:appautoscaling/policy:Policy"
)

func TestEveryServiceScalesBetweenItsBounds(t *testing.T) {
	for _, env := range config.Names() {
		cfg, err := config.ReadFile[Config](stackFile(t, env))
		require.NoError(t, err)
		recording := run(t, env, nil)
		require.Len(t, recording.OfType(scalingTarget), 2*len(listed(t)))
		for _, each := range listed(t) {
			target := recording.Find(t, scalingTarget, "green-"+each.Name).Inputs
			require.Equal(t, "ecs", target["serviceNamespace"])
			require.Equal(t, "ecs:service:DesiredCount", target["scalableDimension"])
			require.Equal(t, "service/cutover-"+env+"-green/cutover-"+env+"-green-"+each.Name, target["resourceId"])
			bounds := cfg.Green[each.Name].Tasks
			require.InDelta(t, bounds.Min, target["minCapacity"], 0)
			require.InDelta(t, bounds.Max, target["maxCapacity"], 0)
		}
	}
}

// The count of the first start is the lower bound; what autoscaling made of it
// since is not a deployment's to undo.
func TestADeploymentLeavesTheNumberOfTasksAlone(t *testing.T) {
	recording := run(t, "prod", nil)
	for _, service := range recording.OfType(ecsService) {
		require.Equal(t, []string{"desiredCount"}, service.IgnoreChanges, service.Name)
		bounds := recording.Find(t, scalingTarget, service.Name).Inputs
		require.Equal(t, bounds["minCapacity"], service.Inputs["desiredCount"])
	}
}

// kept returns what a policy keeps at which value.
func kept(t *testing.T, recording *pulumitest.Recording, name string) map[string]any {
	t.Helper()
	policy := recording.Find(t, scalingPolicy, name).Inputs
	require.Equal(t, "TargetTrackingScaling", policy["policyType"])
	require.Equal(t, "ecs:service:DesiredCount", policy["scalableDimension"])
	require.LessOrEqual(t, len(policy["name"].(string)), 256, "the longest of PutScalingPolicy")
	tracking := policy["targetTrackingScalingPolicyConfiguration"].(map[string]any)
	require.Nil(t, tracking["disableScaleIn"])
	require.Less(t, tracking["scaleOutCooldown"], tracking["scaleInCooldown"])
	return tracking
}

func TestServicesScaleByProcessorMemoryAndRequests(t *testing.T) {
	recording := run(t, "prod", nil)
	cfg, err := config.ReadFile[Config](stackFile(t, "prod"))
	require.NoError(t, err)
	for _, color := range []string{"blue", "green"} {
		for _, each := range listed(t) {
			scaling := cfg.Scaling[each.Name]
			for name, want := range map[string]struct {
				metric, label string
				value         int
			}{
				"cpu":    {"ECSServiceAverageCPUUtilization", "", scaling.CPUPercent},
				"memory": {"ECSServiceAverageMemoryUtilization", "", scaling.MemoryPercent},
				"requests": {
					"ALBRequestCountPerTarget", "edge/" + color + "LoadBalancerArnSuffix/edge/" + color + "TargetGroupArnSuffixes/" + each.Name,
					scaling.RequestsPerTarget,
				},
			} {
				tracking := kept(t, recording, color+"-"+each.Name+"-"+name)
				require.InDelta(t, want.value, tracking["targetValue"], 0)
				spec := tracking["predefinedMetricSpecification"].(map[string]any)
				require.Equal(t, want.metric, spec["predefinedMetricType"])
				if want.label == "" {
					require.Nil(t, spec["resourceLabel"])
				} else {
					require.Equal(t, want.label, spec["resourceLabel"])
				}
			}
		}
	}
}

func TestServicesWithAQueueScaleByTheBacklogOfATask(t *testing.T) {
	recording := run(t, "prod", nil)
	require.Len(t, recording.OfType(scalingPolicy), 2*(3*len(listed(t))+1), "three for each service, one more for the queue's")
	tracking := kept(t, recording, "blue-transaction-processor-backlog")
	require.InDelta(t, 120, tracking["targetValue"], 0)
	require.Nil(t, tracking["predefinedMetricSpecification"])
	metrics := tracking["customizedMetricSpecification"].(map[string]any)["metrics"].([]any)
	require.Len(t, metrics, 3)
	stat := func(at int) map[string]any { return metrics[at].(map[string]any)["metricStat"].(map[string]any) }
	require.Equal(t, map[string]any{
		"namespace": "AWS/SQS", "metricName": "ApproximateNumberOfMessagesVisible",
		"dimensions": []any{map[string]any{"name": "QueueName", "value": "cutover-prod-blue-transaction-processor"}},
	}, stat(0)["metric"])
	require.Equal(t, map[string]any{
		"namespace": "ECS/ContainerInsights", "metricName": "RunningTaskCount",
		"dimensions": []any{
			map[string]any{"name": "ClusterName", "value": "cutover-prod-blue"},
			map[string]any{"name": "ServiceName", "value": "cutover-prod-blue-transaction-processor"},
		},
	}, stat(1)["metric"])
	last := metrics[2].(map[string]any)
	require.Equal(t, "waiting / running", last["expression"])
	var returned []any
	for _, each := range metrics {
		if each.(map[string]any)["returnData"] == true {
			returned = append(returned, each.(map[string]any)["id"])
		}
	}
	require.Equal(t, []any{"backlog"}, returned, "one series decides")
}
