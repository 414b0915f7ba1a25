package contract_test

import (
	"reflect"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/pulumitest"
)

// values are the plain values of one contract, by key.
type values map[string]any

// fill sets every output field of out from the values, by the same keys that
// Keys lists.
func fill(out reflect.Value, keys []string, from values) {
	next := 0
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		for i := range v.NumField() {
			field := v.Field(i)
			if _, ok := field.Interface().(pulumi.Output); !ok {
				walk(field)
				continue
			}
			field.Set(reflect.ValueOf(output(from[keys[next]])))
			next++
		}
	}
	walk(out)
}

func output(value any) pulumi.Output {
	switch v := value.(type) {
	case string:
		return pulumi.String(v).ToStringOutput()
	case int:
		return pulumi.Int(v).ToIntOutput()
	case []string:
		return pulumi.ToStringArray(v).ToStringArrayOutput()
	case map[string]string:
		return pulumi.ToStringMap(v).ToStringMapOutput()
	}
	return nil
}

// drawValues draws a value of the right type for each key of T.
func drawValues[T contract.Outputs](t *rapid.T) values {
	drawn := make(values)
	var zero T
	var types []reflect.Type
	var walk func(t reflect.Type)
	walk = func(t reflect.Type) {
		for i := range t.NumField() {
			if t.Field(i).Type.Implements(reflect.TypeFor[pulumi.Output]()) {
				types = append(types, t.Field(i).Type)
				continue
			}
			walk(t.Field(i).Type)
		}
	}
	walk(reflect.TypeOf(zero))
	for i, key := range contract.Keys[T]() {
		switch types[i] {
		case reflect.TypeFor[pulumi.StringOutput]():
			drawn[key] = rapid.String().Draw(t, key)
		case reflect.TypeFor[pulumi.IntOutput]():
			drawn[key] = rapid.IntRange(-1<<40, 1<<40).Draw(t, key)
		case reflect.TypeFor[pulumi.StringArrayOutput]():
			drawn[key] = rapid.SliceOfN(rapid.String(), 0, 4).Draw(t, key)
		case reflect.TypeFor[pulumi.StringMapOutput]():
			drawn[key] = rapid.MapOfN(rapid.StringMatching(`[a-z-]{1,8}`), rapid.String(), 0, 4).Draw(t, key)
		}
	}
	return drawn
}

func exportAll[T contract.Outputs](t testing.TB, v values) map[string]any {
	t.Helper()
	var out T
	fill(reflect.ValueOf(&out).Elem(), contract.Keys[T](), v)
	recording := pulumitest.MustRun(t, pulumitest.Options{Layer: out.Layer(), Stack: "prod"}, func(ctx *pulumi.Context) error {
		return contract.Export(ctx, out)
	})
	return recording.Exports
}

func importAll[T contract.Outputs](t testing.TB, opts pulumitest.Options) (map[string]any, error) {
	t.Helper()
	recording, err := pulumitest.Run(t, opts, func(ctx *pulumi.Context) error {
		in, err := contract.Import[T](ctx)
		if err != nil {
			return err
		}
		exportAgain(ctx, reflect.ValueOf(in), contract.Keys[T]())
		return nil
	})
	return recording.Exports, err
}

// exportAgain makes what was imported an output under its own key, so that the
// recording resolves it.
func exportAgain(ctx *pulumi.Context, in reflect.Value, keys []string) (rest []string) {
	for i := range in.NumField() {
		out, ok := in.Field(i).Interface().(pulumi.Output)
		if !ok {
			keys = exportAgain(ctx, in.Field(i), keys)
			continue
		}
		ctx.Export(keys[0], out)
		keys = keys[1:]
	}
	return keys
}

// onTheWire is what a value looks like in a stack's outputs.
func onTheWire(sent values) values {
	wire := make(values)
	for key, value := range sent {
		switch v := value.(type) {
		case int:
			wire[key] = float64(v)
		case []string:
			list := make([]any, len(v))
			for i := range v {
				list[i] = v[i]
			}
			wire[key] = list
		case map[string]string:
			fields := make(map[string]any)
			for k := range v {
				fields[k] = v[k]
			}
			wire[key] = fields
		default:
			wire[key] = value
		}
	}
	return wire
}

func TestWhatIsExportedIsImportedUnchanged(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sent := drawValues[contract.FoundationOutputs](rt)
		exports := exportAll[contract.FoundationOutputs](t, sent)
		received, err := importAll[contract.FoundationOutputs](t, pulumitest.Options{
			Layer: contract.Data, Stack: "prod",
			Upstream: map[contract.Layer]map[string]any{contract.Foundation: exports},
		})
		if err != nil {
			rt.Fatal(err)
		}
		assert.Equal(rt, map[string]any(onTheWire(sent)), received)
	})
}

func TestIntegersSurviveTheRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sent := drawValues[contract.DataOutputs](rt)
		received, err := importAll[contract.DataOutputs](t, pulumitest.Options{
			Layer: contract.Services, Stack: "prod",
			Upstream: map[contract.Layer]map[string]any{contract.Data: exportAll[contract.DataOutputs](t, sent)},
		})
		if err != nil {
			rt.Fatal(err)
		}
		assert.Equal(rt, map[string]any(onTheWire(sent)), received)
	})
}

func full[T contract.Outputs](t *testing.T) map[string]any {
	t.Helper()
	var exports map[string]any
	rapid.Check(t, func(rt *rapid.T) {
		if exports == nil {
			exports = exportAll[T](t, drawValues[T](rt))
		}
	})
	return exports
}

func TestImportNamesLayerStackAndKey(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(exports map[string]any)
		want   string
	}{
		"missing key":     {func(e map[string]any) { delete(e, "blueVpcId") }, `layer "foundation", stack "organization/foundation/prod": output "blueVpcId" does not exist: run ` + "`mage deploy:foundation` first"},
		"empty stack":     {func(e map[string]any) { clear(e) }, "has no outputs yet"},
		"other version":   {func(e map[string]any) { e["contractVersion"] = 99 }, "exports contract version 99, this program was built for version 1"},
		"wrong type":      {func(e map[string]any) { e["greenVpcId"] = 7 }, `output "greenVpcId" is of type float64: expected string`},
		"wrong item":      {func(e map[string]any) { e["zones"] = []any{1} }, `output "zones" is of type []interface {}: expected []string`},
		"not a map":       {func(e map[string]any) { e["blueServiceSecurityGroupIds"] = "x" }, "expected map[string]string"},
		"version no int":  {func(e map[string]any) { e["contractVersion"] = "1" }, "exports contract version 1"},
		"version is half": {func(e map[string]any) { e["contractVersion"] = 1.5 }, "exports contract version 1.5"},
	} {
		t.Run(name, func(t *testing.T) {
			exports := full[contract.FoundationOutputs](t)
			tc.change(exports)
			_, err := importAll[contract.FoundationOutputs](t, pulumitest.Options{
				Layer: contract.Edge, Stack: "prod",
				Upstream: map[contract.Layer]map[string]any{contract.Foundation: exports},
			})
			assert.ErrorContains(t, err, tc.want)
		})
	}
}

func TestMissingOutputsAreUnknownInAPreview(t *testing.T) {
	received, err := importAll[contract.FoundationOutputs](t, pulumitest.Options{Layer: contract.Edge, Stack: "prod", DryRun: true})
	require.NoError(t, err)
	assert.Empty(t, received, "no value is known")
}

func TestUndeclaredImportIsRefused(t *testing.T) {
	_, err := importAll[contract.EdgeOutputs](t, pulumitest.Options{Layer: contract.Data, Stack: "prod"})
	assert.ErrorContains(t, err, `layer "data" imports the contract of "edge" without declaring it`)
}

func TestExportRefusesFieldsThatWereNeverSet(t *testing.T) {
	_, err := pulumitest.Run(t, pulumitest.Options{Layer: contract.Observability, Stack: "prod"}, func(ctx *pulumi.Context) error {
		return contract.Export(ctx, contract.ObservabilityOutputs{MigrationDashboardName: pulumi.String("x").ToStringOutput()})
	})
	assert.ErrorContains(t, err, `output "migrationDashboardUrl" was never set`)
	assert.NotContains(t, err.Error(), "migrationDashboardName")
}

func TestALayerExportsItsOwnContractOnly(t *testing.T) {
	_, err := pulumitest.Run(t, pulumitest.Options{Layer: contract.Data, Stack: "prod"}, func(ctx *pulumi.Context) error {
		return contract.Export(ctx, contract.ObservabilityOutputs{})
	})
	assert.ErrorContains(t, err, `contract of layer "observability" from project "data"`)
}

func TestOrderOfLayersRespectsTheirNeeds(t *testing.T) {
	seen := make(map[contract.Layer]bool)
	for _, layer := range contract.Layers() {
		for _, need := range layer.Needs() {
			assert.True(t, seen[need], "%s needs %s, which comes later", layer, need)
		}
		seen[layer] = true
	}
	assert.Len(t, seen, 7)
}

func TestUnknownLayerListsTheKnownOnes(t *testing.T) {
	_, err := contract.Parse("network")
	assert.ErrorContains(t, err, `layer "network" is unknown: expected one of foundation, security`)
}
