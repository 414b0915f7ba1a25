package data

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/pulumitest"
)

func TestWrongArgumentsAreToldTogether(t *testing.T) {
	_, err := pulumitest.Run(t, pulumitest.Options{Layer: contract.Data, Stack: "local"}, func(ctx *pulumi.Context) error {
		_, err := NewStores(ctx, "red", &StoresArgs{Color: "red"})
		return err
	})
	for _, part := range []string{"stores of red", `colour "red"`, "services: none", "account id: is empty", "database instances: got 0",
		"control table: is missing", "monitoring: is missing", "private zone: is missing"} {
		require.ErrorContains(t, err, part)
	}
	_, err = pulumitest.Run(t, pulumitest.Options{Layer: contract.Data, Stack: "local"}, func(ctx *pulumi.Context) error {
		_, err := NewControlTable(ctx, "control", &ControlTableArgs{})
		return err
	})
	for _, part := range []string{"control table", "key: is missing", "sync role of blue: is missing", "sync role of green: is missing", "operator role: is missing"} {
		require.ErrorContains(t, err, part)
	}
	_, err = pulumitest.Run(t, pulumitest.Options{Layer: contract.Data, Stack: "local"}, func(ctx *pulumi.Context) error {
		_, err := NewPrivateZone(ctx, "private-zone", &PrivateZoneArgs{Domain: "cutover.example"})
		return err
	})
	for _, part := range []string{`private zone: domain "cutover.example": expected a name`, "network of blue: is missing", "network of green: is missing"} {
		require.ErrorContains(t, err, part)
	}
	for want, make := range map[string]func(*pulumi.Context) error{
		"events of the databases: topic: is missing": func(ctx *pulumi.Context) error {
			_, err := NewEvents(ctx, "events", &EventsArgs{})
			return err
		},
		"monitoring of the databases: key: is missing": func(ctx *pulumi.Context) error {
			_, err := NewMonitoring(ctx, "monitoring", &MonitoringArgs{})
			return err
		},
	} {
		_, err = pulumitest.Run(t, pulumitest.Options{Layer: contract.Data, Stack: "local"}, make)
		require.ErrorContains(t, err, want)
	}
}

func TestClusterWithoutMasterSecretIsAnError(t *testing.T) {
	opts := pulumitest.Options{
		Layer: contract.Data, Stack: "local", StackFile: "../Pulumi.local.yaml",
		Upstream: map[contract.Layer]map[string]any{
			contract.Foundation: pulumitest.Exports[contract.FoundationOutputs](t),
			contract.Security:   pulumitest.Exports[contract.SecurityOutputs](t),
		},
	}
	_, err := pulumitest.Run(t, opts, Program)
	require.ErrorContains(t, err, "-database: reports 0 master user secrets, expected one with an ARN")
}
