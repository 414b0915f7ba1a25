package services

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/stretchr/testify/assert"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/verify"
)

const (
	former = "arn:aws:ecs:us-east-1:123456789012:task-definition/api:1"
	asked  = "arn:aws:ecs:us-east-1:123456789012:task-definition/api:2"
)

func deployment(status, revision string, state types.DeploymentRolloutState) types.Deployment {
	return types.Deployment{
		Status: aws.String(status), TaskDefinition: aws.String(revision), RolloutState: state,
		RolloutStateReason: aws.String("because"), DesiredCount: 3, RunningCount: 1, FailedTasks: 2,
	}
}

func TestADeploymentIsJudgedByTheRevisionThatRuns(t *testing.T) {
	const completed, failed, inProgress = types.DeploymentRolloutStateCompleted, types.DeploymentRolloutStateFailed, types.DeploymentRolloutStateInProgress
	active := aws.String("ACTIVE")
	cases := map[string]struct {
		service types.Service
		phase   phase
		what    string
	}{
		"as asked": {types.Service{Status: active, Deployments: []types.Deployment{deployment("PRIMARY", asked, completed)}}, complete, ""},
		"beside a former one": {types.Service{Status: active, Deployments: []types.Deployment{
			deployment("ACTIVE", former, completed), deployment("PRIMARY", asked, inProgress),
		}}, underWay, "deployment of api:2 is IN_PROGRESS, 1 of 3 tasks run, 2 failed"},
		"gone back and complete": {types.Service{Status: active, Deployments: []types.Deployment{deployment("PRIMARY", former, completed)}},
			undone, "runs api:1, asked for api:2: the deployment was undone"},
		"going back": {types.Service{Status: active, Deployments: []types.Deployment{
			deployment("PRIMARY", former, inProgress), deployment("ACTIVE", asked, failed),
		}}, undone, "runs api:1, asked for api:2: the deployment was undone"},
		"failed for good": {types.Service{Status: active, Deployments: []types.Deployment{deployment("PRIMARY", asked, failed)}},
			undone, "deployment of api:2 failed: because"},
		"no state": {types.Service{Status: active, Deployments: []types.Deployment{deployment("PRIMARY", asked, "")}}, underWay, "deployment of api:2 is , "},
		"gone":     {types.Service{Status: aws.String("INACTIVE")}, undone, "is INACTIVE"},
		"nothing":  {types.Service{Status: active}, undone, "has no primary deployment"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			phase, what := judge(asked, c.service)
			assert.Equal(t, c.phase, phase)
			assert.Contains(t, what, c.what)
		})
	}
}

func TestServicesThatNeverGoBackAreSeen(t *testing.T) {
	seen := func(service types.Service) string {
		f := verify.About("api in blue")
		checkWayBack(f, service)
		if err := f.Err(); err != nil {
			return err.Error()
		}
		return ""
	}
	sound := func() types.Service {
		return types.Service{DeploymentConfiguration: &types.DeploymentConfiguration{
			DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true, Rollback: true},
			Alarms:                   &types.DeploymentAlarms{Enable: true, Rollback: true, AlarmNames: []string{"errors"}},
		}}
	}
	assert.Empty(t, seen(sound()))
	for want, spoil := range map[string]func(*types.Service){
		"api in blue: has no settings for deployments": func(s *types.Service) { s.DeploymentConfiguration = nil },
		"does not go back when a deployment's tasks fail": func(s *types.Service) {
			s.DeploymentConfiguration.DeploymentCircuitBreaker.Rollback = false
		},
		"does not go back when an alarm rises":   func(s *types.Service) { s.DeploymentConfiguration.Alarms.AlarmNames = nil },
		"lets commands be executed in its tasks": func(s *types.Service) { s.EnableExecuteCommand = true },
	} {
		service := sound()
		spoil(&service)
		assert.Contains(t, seen(service), want)
	}
}

func TestAnOlderDeploymentOfTheLayerIsToldApart(t *testing.T) {
	c := (&verifier{names: naming.New("prod"), args: verify.Args{Outputs: map[string]any{
		"greenTaskDefinitionArns": map[string]any{"payment-api": asked},
	}}}).in(naming.Green)
	revision, err := c.asked("payment-api")
	assert.NoError(t, err)
	assert.Equal(t, asked, revision)
	_, err = c.asked("reporting")
	assert.ErrorContains(t, err, "the layer exports no revision under greenTaskDefinitionArns: deploy it first")
}
