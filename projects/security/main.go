// Command security is the Pulumi program of the layer of keys and roles.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/projects/security/security"
)

func main() { pulumi.Run(security.Program) }
