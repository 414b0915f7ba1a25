package security

import (
	"slices"

	"github.com/cutover/cutover/shared/naming"
)

// Kinds of roles. Task and execution roles exist once a service, the others
// once a colour; deploy and operator belong to no colour.
const (
	task        = "task"
	execution   = "execution"
	sync        = "sync"
	canary      = "canary"
	scheduler   = "scheduler"
	monitoring  = "database-monitoring"
	rotation    = "rotation"
	backup      = "backup"
	replication = "replication"
	deploy      = "deploy"
	audit       = "audit"
	operator    = "operator"
	// What moves the data beside the lane, and the state machines that call it.
	install    = "install"
	chunk      = "chunk"
	comparison = "verify"
	switching  = "switch"
	closing    = "finalise"
	states     = "states"
)

// movers are the kinds of the functions' roles that work on both databases beside
// the lane.
func movers() []string { return []string{install, chunk, comparison, switching, closing} }

// roster knows the ARN of every role before it exists: key policies name the
// roles that may use a key, and the keys are made first. A policy of a key must
// not name them by pattern, which counts as public (AWS Config rule
// KMS_KEY_POLICY_NO_PUBLIC_ACCESS).
type roster struct {
	accountID string
	// path is the IAM path of the layer.
	path     string
	names    naming.Namer
	services []string
}

// arn is the ARN of the role with these parts of a name.
func (r roster) arn(names naming.Namer, purpose ...string) string {
	return "arn:aws:iam::" + r.accountID + ":role" + r.path + names.Name(naming.Role, purpose...)
}

// of lists the roles of one kind in one colour.
func (r roster) of(color naming.Color, kind string) []string {
	names := r.names.In(color)
	if kind != task && kind != execution {
		return []string{r.arn(names, kind)}
	}
	var arns []string
	for _, service := range r.services {
		arns = append(arns, r.arn(names, service, kind))
	}
	return arns
}

// users lists who may use the key of a purpose. A shared key has no colour of
// its own; its users are those of both.
func (r roster) users(purpose Purpose, color naming.Color) []string {
	var arns []string
	u := uses[purpose]
	for _, each := range naming.Colors() {
		kinds := u.own
		if color != "" && each != color {
			kinds = u.peer
		}
		for _, kind := range kinds {
			arns = append(arns, r.of(each, kind)...)
		}
	}
	for _, kind := range u.outside {
		arns = append(arns, r.arn(r.names, kind))
	}
	slices.Sort(arns)
	return arns
}

// granters lists who may hand the key on to a service, which then works with it
// by itself: those who make the resource or its copy.
func (r roster) granters(purpose Purpose, color naming.Color) []string {
	arns := []string{r.arn(r.names, deploy)}
	if slices.Contains(uses[purpose].own, backup) {
		for _, each := range naming.Colors() {
			if color == "" || each == color {
				arns = append(arns, r.of(each, backup)...)
			}
		}
	}
	slices.Sort(arns)
	return arns
}
