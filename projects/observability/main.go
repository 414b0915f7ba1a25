// Command observability is the Pulumi program of the layer of dashboards.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/projects/observability/observability"
)

func main() { pulumi.Run(observability.Program) }
