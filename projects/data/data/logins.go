package data

import (
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/contract"
)

// syncPrefix is the first part of the engine's database roles.
const syncPrefix = "bgsync_"

// The functions of the migration that log in to databases, by their roles.
const (
	laneFunction    = "sync"
	installFunction = "install"
	closingFunction = "finalise"
	chunkFunction   = "chunk"
	verifyFunction  = "verify"
	switchFunction  = "switch"
)

// loginUsers are the functions that use a login: those that work towards the
// colour of the database, and those that work towards the other one.
type loginUsers struct{ own, peer []string }

// engineLogins says who uses which login of the engine, by role without prefix.
// Each role can do one thing on one side, and each function has those that it
// needs. The operator's is for people.
func engineLogins() map[string]loginUsers {
	writes := []string{laneFunction, installFunction, chunkFunction}
	compares := []string{verifyFunction, switchFunction}
	switches := []string{switchFunction}
	return map[string]loginUsers{
		"apply":    {own: writes},
		"ddl":      {own: writes},
		"fence":    {own: switches, peer: switches},
		"operator": {},
		"reader":   {own: switches, peer: append(slices.Clone(writes), switchFunction)},
		"verify":   {own: compares, peer: compares},
	}
}

// syncRoles are the engine's roles, without the prefix.
func syncRoles() []string { return slices.Sorted(maps.Keys(engineLogins())) }

func syncKey(role string) string { return "bgsync-" + role }

// otherLogins are those outside of the engine's roles: the writers' login, with
// which a switch tries who may write, and the master user's, without which nobody
// makes or drops the engine's schema, roles and event trigger on Aurora.
func otherLogins() (writers, master loginUsers) {
	switches, masters := []string{switchFunction}, []string{installFunction, closingFunction}
	return loginUsers{own: switches, peer: switches}, loginUsers{own: masters, peer: masters}
}

// addEngineLogins plans a secret for each role of the engine, and who reads what:
// the functions of the other colour while the window between the colours is open.
func (s *Stores) addEngineLogins(args *StoresArgs, policies map[string]*readPolicy) {
	for _, role := range syncRoles() {
		s.secrets[syncKey(role)] = &databaseSecret{role: syncPrefix + role}
		s.admitUsers(args, policies, engineLogins()[role], syncKey(role))
	}
	writers, master := otherLogins()
	s.admitUsers(args, policies, writers, catalog.Writer)
	s.admitUsers(args, policies, master, masterARN)
}

func (s *Stores) admitUsers(args *StoresArgs, policies map[string]*readPolicy, users loginUsers, key string) {
	for _, function := range users.own {
		s.admitUser(args.Principals, policies, function, function, key)
	}
	if !args.Config.SyncWindow {
		return
	}
	for _, function := range users.peer {
		s.admitUser(args.PeerPrincipals, policies, "peer-"+function, function, key)
	}
}

// admitUser lets one function read one secret, by its policy and the secret's. The
// master user's secret is RDS's and has none.
func (s *Stores) admitUser(principals contract.Principals, policies map[string]*readPolicy, policy, function, key string) {
	arn, name := functionRole(principals, function)
	if policies[policy] == nil {
		policies[policy] = &readPolicy{roles: map[string]pulumi.StringInput{function: name}}
	}
	if key == masterARN {
		policies[policy].master = true
		return
	}
	s.secrets[key].readers = append(s.secrets[key].readers, arn)
	policies[policy].secrets = append(policies[policy].secrets, key)
}

// functionRole is the ARN and the name of a function's role.
func functionRole(principals contract.Principals, function string) (arn, name pulumi.StringInput) {
	if function == laneFunction {
		return principals.SyncRoleARN, principals.SyncRoleName
	}
	const what = "roles of functions of the security layer"
	return component.Entry(principals.MoverRoleARNs, what, function), component.Entry(principals.MoverRoleNames, what, function)
}
