package checks

import (
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/document"
	"github.com/cutover/cutover/shared/policy/graph"
)

// securityChecks are those of the rows of the layer of keys, roles and evidence.
var securityChecks = []Check{
	{Row: "S-01", Run: keysByDomain},
	{Row: "S-02", Run: keysStay},
	{Row: "S-03", Run: keysAreNotPublic},
	{Row: "S-04", Run: keyDutiesAreSeparate},
	{Row: "S-05", Run: boundariesKeepControls},
	{Row: "S-06", Run: peopleNeedASecondFactor},
	{Row: "S-07", Run: ofBaseline(passwordsAreStrong)},
	{Row: "S-08", Run: ofBaseline(rulesOfRowDeployed)},
	{Row: "S-09", Run: ofBaseline(rulesOfRowDeployed)},
	{Row: "S-10", Run: ofBaseline(helpIsPrepared)},
	{Row: "S-11", Run: ofBaseline(trailRecordsEverything)},
	{Row: "S-12", Run: ofBaseline(trailIsProtected)},
	{Row: "S-13", Run: ofBaseline(trailRecordsData)},
	{Row: "S-14", Run: evidenceIsLocked},
	{Row: "S-15", Run: flowsAreLogged},
	{Row: "S-16", Run: ofBaseline(configRecords)},
	{Row: "S-17", Run: ofBaseline(rulesAreDeployed)},
	{Row: "S-18", Run: ofBaseline(guardDutyWatches)},
	{Row: "S-19", Run: ofBaseline(inspectorScans)},
	{Row: "S-20", Run: ofBaseline(macieLooks)},
	{Row: "S-21", Run: ofBaseline(securityHubChecks)},
	{Row: "S-22", Run: ofBaseline(accountIsClosed)},
	{Row: "S-23", IfUsed: true, Run: singletonsOnce},
}

// assumed tells whether the organisation owns the singletons of account and
// region; the rows about them are then proven at runtime only.
func assumed(s *Scope) bool {
	return s.Config(contract.Security)["security:accountBaseline"] == "assume"
}

// ofBaseline leaves a row about such singletons out where they are assumed.
func ofBaseline(run func(*Scope)) func(*Scope) {
	return func(s *Scope) {
		if s.notApplicable = assumed(s); !s.notApplicable {
			run(s)
		}
	}
}

// The domains of data, each with a key of its own: those of a colour and those
// of an environment.
var (
	domainsOfColor   = []string{"database", "documents", "logs", "messaging", "secrets", "sessions"}
	domainsOfAccount = []string{"audit", "control", "images", "zone"}
)

// longestRotation is in days.
const longestRotation = 365

func keysByDomain(s *Scope) {
	prefix := "alias/cutover/" + s.Environment.Name + "/"
	domains := slices.Clone(domainsOfAccount)
	for _, color := range []string{"blue", "green"} {
		for _, domain := range domainsOfColor {
			domains = append(domains, color+"/"+domain)
		}
	}
	for _, domain := range domains {
		found := s.Where(func(r *graph.Resource) bool { return r.Type == aliasType && r.Text("name") == prefix+domain })
		s.Expect(len(found) == 1, nil, "domains", "", "one alias %s%s instead of %d", prefix, domain, len(found))
	}
	for _, key := range s.Each(keyType) {
		s.Expect(len(s.Referrers(key, aliasType, "targetKeyId")) == 1, key, "alias", "", "one alias")
		if usage := key.Text("keyUsage"); usage != "" && usage != "ENCRYPT_DECRYPT" {
			continue // KMS rotates keys that encrypt, and no others
		}
		s.Expect(key.Is("enableKeyRotation", true), key, "rotation", "enableKeyRotation", "true")
		if period, set := key.Number("rotationPeriodInDays"); set {
			s.Expect(period <= longestRotation, key, "rotation", "rotationPeriodInDays", "at most %d days", longestRotation)
		}
	}
}

// signs tells whether a key is a pair that signs, which KMS never lets encrypt.
func signs(key *graph.Resource) bool { return key.Text("keyUsage") == "SIGN_VERIFY" }

// beforeDeletion is how many days a key waits for somebody to notice.
const beforeDeletion = 30

func keysStay(s *Scope) {
	for _, key := range s.Each(keyType) {
		days, _ := key.Number("deletionWindowInDays")
		s.Expect(days == beforeDeletion, key, "window", "deletionWindowInDays", "%d", beforeDeletion)
		s.Expect(!key.Is("isEnabled", false), key, "enabled", "isEnabled", "not false")
		s.Expect(!key.Is("bypassPolicyLockoutSafetyCheck", true), key, "lockout", "bypassPolicyLockoutSafetyCheck", "not true")
		s.Expect(key.Protect || !s.Production(), key, "protected", "", "Pulumi's protection in production")
	}
}

// keyPolicies reads the policies of keys.
func keyPolicies(s *Scope) []document.Policy {
	var found []document.Policy
	for _, key := range s.Each(keyType) {
		policy, err := document.Read(key, "policy")
		s.Expect(err == nil, key, "readable", "policy", "a policy document that is known: the default one opens the key to the account's policies")
		found = append(found, document.Policy{Holder: key, Document: policy})
	}
	return found
}

// principalKeys are the condition keys that narrow principals.
var principalKeys = []string{"aws:PrincipalArn", "aws:PrincipalAccount", "kms:CallerAccount", "aws:PrincipalOrgID"}

func keysAreNotPublic(s *Scope) {
	for _, policy := range keyPolicies(s) {
		for _, statement := range policy.Statements {
			if statement.Deny {
				continue
			}
			s.Expect(!statement.Principals.Anyone() && len(statement.NotPrincipal) == 0, policy.Holder, "named-principals", "policy",
				"named principals in statement %q", statement.Sid)
			for _, key := range principalKeys {
				values, _ := statement.Conditions.Values(key)
				s.Expect(!slices.ContainsFunc(values, func(v string) bool { return strings.ContainsAny(v, "*?$") }), policy.Holder, "fixed-values", "policy",
					"no wildcard and no variable under %s in statement %q", key, statement.Sid)
			}
		}
	}
}

// manages tells whether a pattern of actions covers one that manages a key.
func manages(action string) bool {
	for _, each := range []string{"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DisableKey"} {
		if matches(action, each) {
			return true
		}
	}
	return false
}

// signsForOthers tells whether a statement lets a service sign. Roles that sign call
// KMS themselves.
func signsForOthers(statement document.Statement) bool {
	return len(statement.Principals["Service"]) > 0 &&
		slices.ContainsFunc(statement.Actions, func(a string) bool { return matches(a, "kms:Sign") })
}

func keyDutiesAreSeparate(s *Scope) {
	for _, policy := range keyPolicies(s) {
		for _, statement := range policy.Statements {
			if statement.Deny {
				continue
			}
			use := slices.ContainsFunc(statement.Actions, decrypts) || signsForOthers(statement)
			s.Expect(!use || !slices.ContainsFunc(statement.Actions, manages), policy.Holder, "separate", "policy",
				"either use or administration in statement %q", statement.Sid)
			if use {
				expectGuardedUse(s, policy.Holder, statement)
			}
			grants := slices.ContainsFunc(statement.Actions, func(a string) bool { return matches(a, "kms:CreateGrant") })
			forAWS, _ := statement.Conditions.Values("kms:GrantIsForAWSResource", "Bool")
			s.Expect(!grants || slices.Equal(forAWS, []string{"true"}), policy.Holder, "grants", "policy",
				"kms:GrantIsForAWSResource with kms:CreateGrant in statement %q", statement.Sid)
		}
	}
	for _, grant := range s.Each("aws:kms/grant:Grant") {
		s.Expect(len(grant.Items("constraints")) > 0, grant, "grant", "constraints", "an encryption context")
		s.Expect(len(grant.Texts("operations")) > 0, grant, "grant", "operations", "named operations")
	}
}

// expectGuardedUse demands that principals come through a service of this
// account and that services say for whom they come.
func expectGuardedUse(s *Scope, key *graph.Resource, statement document.Statement) {
	c := statement.Conditions
	if len(statement.Principals["Service"]) > 0 {
		s.Expect(c.Has("aws:SourceAccount", "aws:SourceArn") || hasContext(c), key, "service-source", "policy",
			"aws:SourceAccount, aws:SourceArn or an encryption context in statement %q", statement.Sid)
	}
	if len(statement.Principals["AWS"]) > 0 {
		s.Expect(c.Has("kms:ViaService") && c.Has("kms:CallerAccount") || hasContext(c), key, "via-service", "policy",
			"kms:ViaService and kms:CallerAccount, or an encryption context, in statement %q", statement.Sid)
	}
}

// stops are the actions that a boundary has to deny: what ends a control or
// widens the boundary.
var stops = []string{
	"cloudtrail:DeleteTrail", "cloudtrail:StopLogging", "cloudtrail:UpdateTrail",
	"config:DeleteConfigurationRecorder", "config:StopConfigurationRecorder",
	"ec2:DeleteFlowLogs", "guardduty:DeleteDetector", "logs:DeleteLogGroup",
	"kms:ScheduleKeyDeletion",
	"iam:CreateAccessKey", "iam:CreateUser", "iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary",
}

func boundariesKeepControls(s *Scope) {
	for _, boundary := range s.OfType(policyType) {
		if len(s.Referrers(boundary, roleType, "permissionsBoundary")) == 0 {
			continue
		}
		s.See(boundary)
		policy, err := document.Read(boundary, "policy")
		s.Expect(err == nil, boundary, "readable", "policy", "a policy document that is known")
		for _, action := range stops {
			s.Expect(refuses(policy, action), boundary, "denies", "policy", "a statement that denies %s on all resources without condition", action)
		}
	}
}

// refuses tells whether a document denies an action whatever the circumstances.
func refuses(policy document.Document, action string) bool {
	return slices.ContainsFunc(policy.Statements, func(st document.Statement) bool {
		return st.Deny && len(st.Conditions) == 0 && slices.Contains(st.Resources, "*") &&
			slices.ContainsFunc(st.Actions, func(a string) bool { return matches(a, action) })
	})
}

// The roles that principals take, by logical name: people need a second factor,
// which machines do not have.
var (
	people   = []string{"outsiders-audit", "outsiders-operator", "account-support"}
	machines = []string{"outsiders-deploy"}
)

func peopleNeedASecondFactor(s *Scope) {
	for _, role := range s.OfType(roleType) {
		if !isAssumedFromOutside(role) {
			continue
		}
		s.See(role)
		s.Expect(slices.Contains(people, role.Name) || slices.Contains(machines, role.Name), role, "listed", "assumeRolePolicy",
			"a role on the list of those that principals may take")
		trust, err := document.Read(role, "assumeRolePolicy")
		s.Expect(err == nil, role, "readable", "assumeRolePolicy", "a policy document that is known")
		for _, statement := range trust.Statements {
			present, _ := statement.Conditions.Values("aws:MultiFactorAuthPresent", "Bool")
			s.Expect(statement.Deny || slices.Contains(machines, role.Name) || slices.Equal(present, []string{"true"}), role, "second-factor", "assumeRolePolicy",
				"aws:MultiFactorAuthPresent true in statement %q", statement.Sid)
		}
	}
}
