package security

import (
	"net/url"
	"path"
	"strings"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
)

// place is where an environment's resources are. The roles for people and for
// the pipeline exist before those resources, so their policies name them by the
// beginning of their names, which naming alone gives out.
type place struct {
	accountID, environment string
	// stateBucket has Pulumi's state, below stateFolder; empty where the backend is not
	// S3.
	stateBucket, stateFolder string
}

func newPlace(environment config.Environment, stack string) place {
	p := place{accountID: environment.AccountID, environment: stack}
	if backend, err := url.Parse(environment.Backend); err == nil && backend.Scheme == "s3" {
		p.stateBucket, p.stateFolder = backend.Host, strings.Trim(backend.Path, "/")
	}
	return p
}

// arn is an ARN of the platform's region and this account.
func (p place) arn(service string, resources ...string) []string {
	arns := make([]string, len(resources))
	for i, resource := range resources {
		arns[i] = "arn:aws:" + service + ":" + config.Region + ":" + p.accountID + ":" + p.fill(resource)
	}
	return arns
}

// global is an ARN of a service without regions.
func (p place) global(service string, resources ...string) []string {
	arns := make([]string, len(resources))
	for i, resource := range resources {
		arns[i] = "arn:aws:" + service + "::" + p.accountID + ":" + p.fill(resource)
	}
	return arns
}

// fill puts the beginning of this environment's names in the place of "{-}", as
// names with dashes have it, or of "{/}", as paths do.
func (p place) fill(resource string) string {
	resource = strings.ReplaceAll(resource, "{-}", naming.System+"-"+p.environment+"-*")
	return strings.ReplaceAll(resource, "{/}", naming.System+"/"+p.environment+"/*")
}

// buckets are the environment's buckets; those of a colour when it is given.
func (p place) buckets(color naming.Color) string {
	if color == "" {
		return "arn:aws:s3:::" + p.fill("{-}")
	}
	return "arn:aws:s3:::" + naming.New(p.environment).In(color).Name(naming.Bucket, "*")
}

// records are the buckets of the proofs of switches and of the machines' runs, which
// are no colour's.
func (p place) records() []string {
	var arns []string
	for _, purpose := range []string{"proofs", "runs"} {
		arns = append(arns, "arn:aws:s3:::"+naming.New(p.environment).Global(naming.Bucket, p.accountID, purpose))
	}
	return arns
}

// recorded are the objects in those buckets: the proofs of switches, and what the
// machines' runs came to.
func (p place) recorded() []string {
	var objects []string
	for _, bucket := range p.records() {
		objects = append(objects, bucket+"/*")
	}
	return objects
}

// controlTable is the table that says who may write.
func (p place) controlTable() []string {
	return p.arn("dynamodb", "table/"+naming.New(p.environment).Name(naming.Table, "control"))
}

// documents are the objects beside Pulumi's state in which the commands about traffic
// keep where the public name leads, what was decided and which releases there are.
func (p place) documents() []string {
	if p.stateBucket == "" {
		return nil
	}
	return []string{"arn:aws:s3:::" + p.stateBucket + "/" + p.documentsFolder() + "*"}
}

func (p place) documentsFolder() string {
	return path.Join(p.stateFolder, naming.System, p.environment, "edge") + "/"
}
