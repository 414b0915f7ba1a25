package access_test

import (
	"strings"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/policy/access"
)

// work is what a function of the migration asks AWS for while a platform moves to green
// and back by the layer's own machines: the calls of its processes, as they were seen on
// the way to the emulator.
type work struct {
	// role is the function's, by its purpose.
	role string
	// reads and writes are items of the control table.
	reads, writes []string
	// own and peer are the ends of the names of secrets on the colour's own side and on
	// the other.
	own, peer []string
}

func works() []work {
	administrator, builds, reader := "master", []string{"-bgsync-apply", "-bgsync-ddl"}, []string{"-bgsync-reader"}
	switches := []string{"-bgsync-fence", "-bgsync-reader", "-bgsync-verify", "-payment-api"}
	return []work{
		{role: "sync", reads: []string{"lane#core.fwd", "load#core.fwd"}, writes: []string{"lane#core.fwd", "load#core.fwd"}, own: builds, peer: reader},
		{role: "chunk", reads: []string{"lane#core.fwd"}, own: builds, peer: reader},
		{
			role: "install", reads: []string{"authority", "switch", "check#core.fwd"}, writes: []string{"authority", "check#core.fwd", "lane#core.fwd"},
			own: append([]string{administrator}, builds...), peer: append([]string{administrator}, reader...),
		},
		{role: "verify", reads: []string{"lane#core.fwd", "verify#core.fwd"}, writes: []string{"verify#core.fwd"}, own: []string{"-bgsync-verify"}, peer: []string{"-bgsync-verify"}},
		{role: "switch", reads: []string{"authority", "switch", "traffic", "load#core.fwd", "closing#AROA:ann"}, writes: []string{"authority", "switch"}, own: switches, peer: switches},
		{
			role: "finalise", reads: []string{"authority", "switch", "closing#AROA:ann", "lane#core.fwd"}, writes: []string{"switch", "lane#core.fwd"},
			own: []string{administrator}, peer: []string{administrator},
		},
	}
}

// functionRules: every function may make the calls that it makes. Who else may not is
// said by the rules about items, secrets, objects and keys.
func (s scene) functionRules() []access.Rule {
	var rules []access.Rule
	for _, color := range naming.Colors() {
		for _, w := range works() {
			rules = append(rules, s.itemsOf(color, w)...)
			rules = append(rules, s.loginsOf(color, w)...)
		}
		rules = append(rules, s.singleCalls(color)...)
	}
	return rules
}

// may is a rule about one role.
func (s scene) may(color naming.Color, role string, on []string, with map[string][]string, actions ...string) access.Rule {
	callers := []access.Caller{s.role(color, role)}
	return access.Rule{Name: "function of role " + role + " does its work", Actions: actions, On: on, With: with, Callers: callers, May: callers}
}

func (s scene) itemsOf(color naming.Color, w work) []access.Rule {
	table := []string{s.arn(tableType, "control-table")}
	rules := []access.Rule{s.may(color, w.role, []string{s.arn(keyType, "shared-control")}, s.via("dynamodb"), "kms:Decrypt")}
	for _, key := range w.reads {
		rules = append(rules, s.may(color, w.role, table, item(key), "dynamodb:GetItem"))
	}
	for _, key := range w.writes {
		rules = append(rules, s.may(color, w.role, table, item(key), "dynamodb:GetItem", "dynamodb:PutItem"))
	}
	return rules
}

// loginsOf are the logins to both databases, and the keys of their secrets.
func (s scene) loginsOf(color naming.Color, w work) []access.Rule {
	var rules []access.Rule
	for side, ends := range map[naming.Color][]string{color: w.own, color.Other(): w.peer} {
		rules = append(rules, s.may(color, w.role, []string{s.arn(keyType, string(side)+"-secrets")}, s.via("secretsmanager"), "kms:Decrypt"))
		for _, end := range ends {
			rules = append(rules, s.may(color, w.role, s.secretsOf(side, end), nil, "secretsmanager:GetSecretValue"))
		}
	}
	return rules
}

// secretsOf are the secrets of a side whose names end so; "master" is the one that RDS
// makes. A rule over none is an error.
func (s scene) secretsOf(side naming.Color, end string) []string {
	if end == "master" {
		return []string{s.masterSecret(side)}
	}
	var arns []string
	for _, secret := range s.g.OfType(secretType) {
		if strings.HasPrefix(secret.Name, string(side)+"-") && strings.HasSuffix(secret.Name, end) {
			arns = append(arns, secret.Output("arn"))
		}
	}
	return arns
}

// singleCalls are those that one function alone makes.
func (s scene) singleCalls(color naming.Color) []access.Rule {
	functions := s.arns("aws:lambda/function:Function", string(color)+"-")
	proofs, records := s.arn(bucketType, "records-proofs"), s.arn(keyType, "shared-records")
	signing := with(one("kms:CallerAccount", s.account()), one("kms:SigningAlgorithm", "ECDSA_SHA_256"), one("kms:MessageType", "DIGEST"))
	put := one("s3:x-amz-server-side-encryption-aws-kms-key-id", records)
	rules := []access.Rule{
		s.may(color, "sync", []string{s.arn("aws:lambda/function:Function", string(color)+"-lane")}, nil, "lambda:InvokeFunction"),
		s.may(color, "install", s.withoutRotation(functions), nil, "lambda:GetFunctionConfiguration", "lambda:GetFunctionConcurrency"),
		s.may(color, "install", []string{"*"}, nil, "cloudwatch:GetMetricData"),
		s.may(color, "switch", []string{s.regional("rds", "cluster:*"), s.arn("aws:rds/cluster:Cluster", string(color.Other())+"-database")}, nil, "rds:DescribeDBClusters"),
		s.may(color, "switch", []string{s.regional("rds", "db:*")}, nil, "rds:DescribeDBInstances"),
		s.may(color, "switch", []string{"*"}, nil, "ec2:DescribeSecurityGroups"),
		s.may(color, "switch", []string{proofs + "/switch/a.json", proofs + "/switch/a.draft.json"}, put, "s3:PutObject"),
		s.may(color, "switch", []string{s.arn(keyType, "shared-proof-hashes")}, with(one("kms:CallerAccount", s.account()), one("kms:MacAlgorithm", "HMAC_SHA_256")), "kms:GenerateMac"),
		s.may(color, "finalise", []string{proofs + "/switch/a.closing.json"}, put, "s3:PutObject"),
	}
	for _, role := range []string{"switch", "finalise"} {
		rules = append(rules,
			s.may(color, role, []string{proofs + "/switch/a.json"}, nil, "s3:GetObject"),
			s.may(color, role, []string{proofs}, one("s3:prefix", "switch/"), "s3:ListBucket"),
			s.may(color, role, []string{records}, s.via("s3"), "kms:Decrypt", "kms:GenerateDataKey"),
			s.may(color, role, []string{s.arn(keyType, "shared-proof-signatures")}, signing, "kms:Sign", "kms:Verify"))
	}
	return rules
}

// withoutRotation leaves out the data layer's function.
func (s scene) withoutRotation(functions []string) []string {
	var left []string
	for _, arn := range functions {
		if !strings.HasSuffix(arn, "-rotation") {
			left = append(left, arn)
		}
	}
	return left
}
