package component

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Entry returns the value under key of a map that another layer exports. A key
// that is not there is an error that names the map (what), never an empty value.
func Entry(values pulumi.StringMapOutput, what, key string) pulumi.StringOutput {
	return values.ApplyT(func(known map[string]string) (string, error) {
		value, found := known[key]
		if !found || value == "" {
			keys := make([]string, 0, len(known))
			for each := range known {
				keys = append(keys, each)
			}
			slices.Sort(keys)
			return "", fmt.Errorf("%s: has no entry %q, only %q", what, key, strings.Join(keys, ", "))
		}
		return value, nil
	}).(pulumi.StringOutput)
}
