// Package mapping compares what the provider plugin from source serves with
// what the Pulumi SDK for AWS says on the wire: for every mapped resource the
// names and kinds of its arguments and outputs, nested ones included.
//
// The plugin describes itself (pulumi-resource-aws -describe); the SDK is read
// from its sources with go/parser, so that neither is linked. The package is
// used by its own test and by nothing else.
package mapping
