package checks

import (
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/policy/document"
	"github.com/cutover/cutover/shared/policy/graph"
)

// documents reads the documents of a kind and notes their holders as checked. A
// document that cannot be read is a finding of every row that looks at it.
func documents(s *Scope, kinds ...document.Kind) []document.Policy {
	var found []document.Policy
	for _, place := range document.Places() {
		if !slices.Contains(kinds, place.Kind) {
			continue
		}
		for _, holder := range s.Each(place.Type) {
			if _, set := holder.Get(place.Path); !set && place.Kind == document.Resource {
				continue // the row that demands the policy says so
			}
			read, err := document.Read(holder, place.Path)
			if err != nil {
				s.Expect(false, holder, "readable", place.Path, "a policy document that is known: %v", err)
				continue
			}
			found = append(found, document.Policy{Holder: holder, Place: place, Document: read})
		}
	}
	return found
}

// grants are the identity policies that give permissions: all but those that
// are only a boundary, which is a ceiling.
func grants(s *Scope) []document.Policy {
	return slices.DeleteFunc(documents(s, document.Identity), func(p document.Policy) bool {
		return len(s.Referrers(p.Holder, roleType, "permissionsBoundary")) > 0 && len(s.Referrers(p.Holder, attachmentType, "policyArn")) == 0
	})
}

func noInlinePolicy(s *Scope) {
	for _, role := range s.Each(roleType) {
		_, inline := role.Get("inlinePolicies")
		s.Expect(!inline, role, "no-inline", "inlinePolicies", "nothing: permissions stand in managed policies")
		_, managed := role.Get("managedPolicyArns")
		s.Expect(!managed, role, "no-inline", "managedPolicyArns", "nothing: policies are attached one by one")
	}
	for _, r := range s.OfType("aws:iam/rolePolicy:RolePolicy", "aws:iam/userPolicy:UserPolicy", "aws:iam/groupPolicy:GroupPolicy") {
		s.Expect(false, r, "no-inline", "", "no inline policy")
	}
}

func noOpenAction(s *Scope) {
	for _, policy := range grants(s) {
		for _, statement := range policy.Statements {
			if statement.Deny {
				continue
			}
			for _, action := range statement.Actions {
				s.Expect(action != "*" && !strings.HasSuffix(action, ":*"), policy.Holder, "named-actions", policy.Place.Path,
					"no action %q in statement %q", action, statement.Sid)
			}
			s.Expect(len(statement.NotActions) == 0 && len(statement.NotResources) == 0, policy.Holder, "no-inversion", policy.Place.Path,
				"no NotAction and no NotResource in the allowing statement %q", statement.Sid)
		}
	}
}

// narrowing are the condition keys that stand in for the resource where AWS
// offers none.
var narrowing = map[string]string{"cloudwatch:PutMetricData": "cloudwatch:namespace"}

func noOpenResource(s *Scope) {
	for _, policy := range grants(s) {
		for _, statement := range policy.Statements {
			if statement.Deny || !slices.Contains(statement.Resources, "*") {
				continue
			}
			for _, action := range statement.Actions {
				_, listed := iamdoc.Unscoped(action)
				s.Expect(listed, policy.Holder, "named-resources", policy.Place.Path,
					"no resource \"*\" for %s in statement %q, which iamdoc's register does not list", action, statement.Sid)
				condition := narrowing[action]
				s.Expect(condition == "" || statement.Conditions.Has(condition), policy.Holder, "condition", policy.Place.Path,
					"a condition on %s for %s in statement %q", condition, action, statement.Sid)
			}
		}
	}
}

// decrypts tells whether a pattern of actions covers one that yields plain data
// or data keys.
func decrypts(action string) bool {
	for _, each := range []string{"kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair", "kms:ReEncryptFrom", "kms:ReEncryptTo"} {
		if matches(action, each) {
			return true
		}
	}
	return false
}

// matches tells whether a pattern with stars, or a name, covers the action.
func matches(pattern, action string) bool {
	pattern, action = strings.ToLower(pattern), strings.ToLower(action)
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == action
	}
	if !strings.HasPrefix(action, parts[0]) || !strings.HasSuffix(action, parts[len(parts)-1]) {
		return false
	}
	rest := action[len(parts[0]):]
	for _, part := range parts[1:] {
		at := strings.Index(rest, part)
		if at < 0 {
			return false
		}
		rest = rest[at+len(part):]
	}
	return true
}

func keysByName(s *Scope) {
	for _, policy := range grants(s) {
		for _, statement := range policy.Statements {
			if statement.Deny || !slices.ContainsFunc(statement.Actions, decrypts) {
				continue
			}
			for _, resource := range statement.Resources {
				s.Expect(isKeyOfSecurity(s, resource), policy.Holder, "named-keys", policy.Place.Path,
					"the ARN of a key of the security layer instead of %q in statement %q", resource, statement.Sid)
			}
			s.Expect(statement.Conditions.Has("kms:ViaService") || hasContext(statement.Conditions), policy.Holder, "via-service", policy.Place.Path,
				"a condition on kms:ViaService or an encryption context in statement %q", statement.Sid)
		}
	}
}

func isKeyOfSecurity(s *Scope, arn string) bool {
	return slices.ContainsFunc(s.Owners(arn), func(r *graph.Resource) bool {
		return r.Type == keyType && r.Layer == contract.Security && r.Output("arn") == arn
	})
}

// hasContext tells whether a condition demands an encryption context.
func hasContext(conditions document.Conditions) bool {
	for _, keys := range conditions {
		for key := range keys {
			if strings.HasPrefix(strings.ToLower(key), "kms:encryptioncontext") {
				return true
			}
		}
	}
	return false
}

func rolesPassedByName(s *Scope) {
	for _, policy := range grants(s) {
		for _, statement := range policy.Statements {
			if statement.Deny || !slices.ContainsFunc(statement.Actions, func(a string) bool { return matches(a, "iam:PassRole") }) {
				continue
			}
			for _, resource := range statement.Resources {
				s.Expect(strings.Contains(resource, ":role/cutover/"), policy.Holder, "named-roles", policy.Place.Path,
					"ARNs of roles of the platform instead of %q in statement %q", resource, statement.Sid)
			}
			s.Expect(statement.Conditions.Has("iam:PassedToService"), policy.Holder, "passed-to", policy.Place.Path,
				"a condition on iam:PassedToService in statement %q", statement.Sid)
		}
	}
}

func trustIsNarrow(s *Scope) {
	for _, trust := range documents(s, document.Trust) {
		for _, statement := range trust.Statements {
			if statement.Deny {
				continue
			}
			s.Expect(!statement.Principals.Anyone() && len(statement.NotPrincipal) == 0, trust.Holder, "named-principals", trust.Place.Path,
				"named principals in statement %q", statement.Sid)
			for _, service := range statement.Principals["Service"] {
				_, silent := iamdoc.WithoutSourceAccount(service)
				s.Expect(silent || statement.Conditions.Has("aws:SourceAccount", "aws:SourceArn"), trust.Holder, "source", trust.Place.Path,
					"a condition on aws:SourceAccount or aws:SourceArn for %s in statement %q", service, statement.Sid)
			}
			for _, principal := range statement.Principals["AWS"] {
				s.Expect(strings.Contains(principal, ":"+s.Environment.AccountID+":") || statement.Conditions.Has("sts:ExternalId", "aws:PrincipalOrgID"),
					trust.Holder, "external-id", trust.Place.Path, "a condition on sts:ExternalId or the organisation for %s in statement %q", principal, statement.Sid)
			}
		}
	}
}

// How long a session may last, in seconds: a workload's, which its service
// renews, and that of people and pipelines.
const (
	longestSession = 3600
	longestShift   = 4 * 3600
)

func rolesAreBound(s *Scope) {
	for _, role := range s.Each(roleType) {
		boundary := role.Reference("permissionsBoundary", policyType)
		s.Expect(boundary != nil && boundary.Layer == contract.Security || slices.Contains(managed, role.Text("permissionsBoundary")), role, "boundary", "permissionsBoundary",
			"a boundary of the security layer, or a listed policy of AWS")
		s.Expect(strings.HasPrefix(role.Text("path"), "/cutover/"+string(role.Layer)+"/"), role, "path", "path", "the path of its layer, /cutover/%s/", role.Layer)
		session, set := role.Number("maxSessionDuration")
		longest := float64(longestSession)
		if isAssumedFromOutside(role) {
			longest = longestShift
		}
		s.Expect(set && session <= longest, role, "session", "maxSessionDuration", "at most %v seconds", longest)
		workloads := slices.Concat(s.Referrers(role, taskType, "taskRoleArn"), s.Referrers(role, functionType, "role"), s.Referrers(role, deliveryType, "extendedS3Configuration.roleArn"))
		s.Expect(len(workloads) <= 1, role, "one-workload", "", "one workload instead of %v", workloads)
	}
}

// isAssumedFromOutside tells whether principals, and not services, take the role.
func isAssumedFromOutside(role *graph.Resource) bool {
	trust, err := document.Read(role, "assumeRolePolicy")
	return err == nil && slices.ContainsFunc(trust.Statements, func(st document.Statement) bool {
		return !st.Deny && (len(st.Principals["AWS"]) > 0 || len(st.Principals["Federated"]) > 0)
	})
}

// managed are the policies of AWS that may be attached; each belongs to a role
// whose resources no policy of ours can name beforehand.
var managed = []string{
	"arn:aws:iam::aws:policy/AWSSupportAccess",
	"arn:aws:iam::aws:policy/SecurityAudit",
	"arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
	"arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup",
	"arn:aws:iam::aws:policy/AWSBackupServiceRolePolicyForS3Backup",
	"arn:aws:iam::aws:policy/service-role/AWS_ConfigRole",
}

func attachedPoliciesAreKnown(s *Scope) {
	for _, attachment := range s.Each(attachmentType) {
		ours := attachment.Reference("policyArn", policyType) != nil
		s.Expect(ours || slices.Contains(managed, attachment.Text("policyArn")), attachment, "known-policy", "policyArn",
			"a policy of ours or a listed one of AWS")
	}
}
