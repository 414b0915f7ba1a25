// Command data is the Pulumi program of the layer of data stores.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/projects/data/data"
)

func main() { pulumi.Run(data.Program) }
