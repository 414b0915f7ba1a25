// Command migration is the Pulumi program of the sync layer.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/projects/migration/migration"
)

func main() { pulumi.Run(migration.Program) }
