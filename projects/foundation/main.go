// Command foundation is the Pulumi program of the network layer.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/projects/foundation/foundation"
)

func main() { pulumi.Run(foundation.Program) }
