module github.com/cutover/cutover/projects/security

go 1.26

require (
	github.com/cutover/cutover/shared v0.0.0
	github.com/pulumi/pulumi-aws/sdk/v6 v6.83.2
	github.com/pulumi/pulumi/sdk/v3 v3.230.0
)

replace github.com/cutover/cutover/shared => ../../shared
