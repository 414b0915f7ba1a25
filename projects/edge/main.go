// Command edge is the Pulumi program of the layer of balancers and names.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/projects/edge/edge"
)

func main() { pulumi.Run(edge.Alone) }
