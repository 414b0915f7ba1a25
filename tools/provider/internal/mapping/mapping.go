// Package mapping says which Terraform resource of the AWS provider answers to
// which Pulumi type token, and where the names and shapes of its properties
// differ from those that the bridge computes by itself.
//
// There is one file for each module of the Pulumi SDK (aws:ec2/…, aws:s3/…);
// entries are sorted by Terraform name. The test beside
// shared/ops/toolchain/mapping compares all of it with the SDK's struct tags:
// an override that is missing here fails there.
//
// Nothing in this package links the AWS provider itself.
package mapping

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// Package is the Pulumi package whose tokens are served.
const Package = "aws"

// table holds the resources of one SDK module by Terraform name.
type table map[string]*tfbridge.ResourceInfo

// Resources returns every mapped resource by Terraform name. The infos are
// shared, not copied: call it once in a process.
func Resources() (map[string]*tfbridge.ResourceInfo, error) {
	all := make(map[string]*tfbridge.ResourceInfo)
	terraform := make(map[tokens.Type]string)
	var problems []error
	for _, t := range tables() {
		for _, name := range slices.Sorted(maps.Keys(t)) {
			if _, twice := all[name]; twice {
				problems = append(problems, fmt.Errorf("terraform resource %s is mapped twice", name))
			}
			if other, taken := terraform[t[name].Tok]; taken {
				problems = append(problems, fmt.Errorf("token %s stands for both %s and %s", t[name].Tok, other, name))
			}
			all[name] = t[name]
			terraform[t[name].Tok] = name
		}
	}
	return all, errors.Join(problems...)
}

// token makes the entry for one token, "aws:<module>/<name>:<Name>".
func token(module, name string, options ...option) *tfbridge.ResourceInfo {
	info := &tfbridge.ResourceInfo{Tok: tokens.Type(fmt.Sprintf("%s:%s/%s:%s", Package, module, lowerFirst(name), name))}
	for _, apply := range options {
		apply(info)
	}
	return info
}

func lowerFirst(name string) string {
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToLower(first)) + name[size:]
}
