package pulumitest

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/contract"
)

// Exports makes up what the layer of T exports: under every key of its contract
// a value that names layer and key, so that an assertion shows where it came
// from ("security/blueLogsKeyArn"). Lists have three entries, maps one for each
// service of the catalogue.
func Exports[T contract.Outputs](t testing.TB) map[string]any {
	t.Helper()
	var outputs T
	services, err := catalog.Load()
	require.NoError(t, err)
	exports := map[string]any{"contractVersion": outputs.Version()}
	fillExports(t, exports, reflect.TypeFor[T](), string(outputs.Layer()), "", services.Names())
	return exports
}

func fillExports(t testing.TB, exports map[string]any, of reflect.Type, layer, prefix string, services []string) {
	t.Helper()
	for i := range of.NumField() {
		field := of.Field(i)
		key := field.Tag.Get("pulumi")
		if prefix != "" {
			key = prefix + strings.ToUpper(key[:1]) + key[1:]
		}
		value := layer + "/" + key
		switch field.Type {
		case reflect.TypeFor[pulumi.StringOutput]():
			exports[key] = value
		case reflect.TypeFor[pulumi.IntOutput]():
			exports[key] = catalog.DatabasePort
		case reflect.TypeFor[pulumi.StringArrayOutput]():
			exports[key] = []any{value + "/0", value + "/1", value + "/2"}
		case reflect.TypeFor[pulumi.StringMapOutput]():
			entries := make(map[string]any)
			keys := services
			if listed := field.Tag.Get("entries"); listed != "" {
				keys = strings.Split(listed, ",")
			}
			for _, service := range keys {
				entries[service] = fmt.Sprintf("%s/%s", value, service)
			}
			exports[key] = entries
		default:
			require.Equal(t, reflect.Struct, field.Type.Kind(), "field %s of the contract of %s", field.Name, layer)
			fillExports(t, exports, field.Type, layer, key, services)
		}
	}
}
