// Command services is the Pulumi program of the layer of containers.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/projects/services/services"
)

func main() { pulumi.Run(services.Program) }
