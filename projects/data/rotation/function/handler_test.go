package function

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/data/rotation"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
)

func given(change map[string]string) func(string) (string, bool) {
	all := map[string]string{
		VariableColor: "blue", VariableHost: "db.internal", VariablePort: "5433", VariableDatabase: "payments",
		VariableMaster: "arn:master", VariableRoles: `{"arn:one": "payment_api"}`,
	}
	for name, value := range change {
		all[name] = value
	}
	return func(name string) (string, bool) { value, found := all[name]; return value, found }
}

func TestSettingsAreReadFromVariables(t *testing.T) {
	s, err := read(given(nil))
	require.NoError(t, err)
	require.Equal(t, settings{
		color:   naming.Blue,
		cluster: rotation.Cluster{Host: "db.internal", Port: 5433, Database: "payments", MasterARN: "arn:master"},
		roles:   map[string]string{"arn:one": "payment_api"},
	}, s)
}

func TestWrongVariablesAreToldTogether(t *testing.T) {
	_, err := NewHandler(t.Context(), func(string) (string, bool) { return "", false }, nil)
	for _, name := range []string{VariableColor, VariableHost, VariablePort, VariableDatabase, VariableMaster, VariableRoles} {
		require.ErrorContains(t, err, "variable "+name+": is missing")
	}
	for name, c := range map[string]struct{ variable, value, says string }{
		"colour":         {VariableColor, "red", `COLOR is "red": expected one of [blue green]`},
		"no port":        {VariablePort, "postgres", `DATABASE_PORT is "postgres": expected a port`},
		"port too big":   {VariablePort, "70000", "expected a port from 1 to 65535"},
		"no object":      {VariableRoles, "payment_api", "expected a JSON object"},
		"nothing":        {VariableRoles, "{}", "expected a JSON object"},
		"no ARN":         {VariableRoles, `{"one": "payment_api"}`, `"one" has role "payment_api"`},
		"one role twice": {VariableRoles, `{"arn:one": "payment_api", "arn:two": "payment_api"}`, `role "payment_api" belongs to two secrets`},
		"no authority":   {VariableAuthorities, "/nowhere.pem", "AUTHORITIES_FILE: read certificate authorities"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewHandler(t.Context(), given(map[string]string{c.variable: c.value}), nil)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestEventOfSecretsManagerIsUnderstood(t *testing.T) {
	var request rotation.Request
	require.NoError(t, json.Unmarshal([]byte(`{"Step": "setSecret", "SecretId": "arn:one", "ClientRequestToken": "t", "RotationToken": "r"}`), &request))
	require.Equal(t, rotation.Request{Step: rotation.SetSecret, Secret: "arn:one", Token: "t"}, request)
}

func TestEveryStepIsMeasuredAndAFailureCounted(t *testing.T) {
	boom := errors.New("boom")
	for failures, want := range map[float64]error{0: nil, 1: boom} {
		var out bytes.Buffer
		instant := time.UnixMilli(1_790_000_000_000)
		handler := measured(func(context.Context, rotation.Request) error { return want }, naming.Green, func() time.Time {
			instant = instant.Add(250 * time.Millisecond)
			return instant
		}, &out)
		require.ErrorIs(t, handler(t.Context(), rotation.Request{Step: rotation.TestSecret}), want)
		var line map[string]any
		require.NoError(t, json.Unmarshal(out.Bytes(), &line))
		delete(line, "_aws")
		assert.Equal(t, map[string]any{"Color": "green", "Step": "testSecret", "RotationStepMs": 250.0, "RotationFailures": failures}, line)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space") }

func TestStepThatSucceededStaysSoWithoutMetrics(t *testing.T) {
	handler := measured(func(context.Context, rotation.Request) error { return nil }, naming.Blue, time.Now, full{})
	require.NoError(t, handler(t.Context(), rotation.Request{Step: rotation.SetSecret}))
	boom := errors.New("boom")
	handler = measured(func(context.Context, rotation.Request) error { return boom }, naming.Blue, time.Now, full{})
	err := handler(t.Context(), rotation.Request{Step: rotation.SetSecret})
	require.ErrorIs(t, err, boom)
	require.ErrorContains(t, err, "no space")
}

// The dashboards draw the steps that the catalogue of metrics lists.
func TestTheCatalogueListsTheStepsOfARotation(t *testing.T) {
	var steps []string
	for _, step := range rotation.Steps() {
		steps = append(steps, string(step))
	}
	require.Equal(t, steps, metrics.RotationSteps())
}
