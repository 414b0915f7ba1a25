// Command pulumi-resource-aws is a Pulumi provider plugin for AWS that is
// assembled from Go modules, for machines that cannot download the official
// one. It serves the resources that Cutover's layers use, under the tokens and
// property names of the Pulumi SDK for AWS 6.83.2. It has no functions (data
// sources), and staging and prod never use it.
//
// "pulumi-resource-aws -describe" prints every mapped resource's properties as
// JSON, for the test that compares them with the SDK.
package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	framework "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"

	"github.com/cutover/cutover/tools/provider/internal/bridge"
	"github.com/cutover/cutover/tools/provider/internal/mapping"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "pulumi-resource-aws: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	info, err := bridge.Provider(ctx)
	if err != nil {
		return err
	}
	if slices.Contains(args, "-describe") {
		return bridge.Describe(os.Stdout, info)
	}
	schema, err := bridge.Schema(info)
	if err != nil {
		return err
	}
	framework.MainWithMuxer(ctx, mapping.Package, info, schema)
	return nil
}
