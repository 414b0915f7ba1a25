package checks

import (
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/document"
	"github.com/cutover/cutover/shared/policy/graph"
)

// beside returns the one resource of a type that names the bucket, and notes a
// finding on the bucket when there is none or more than one.
func beside(s *Scope, bucket *graph.Resource, clause, token string) *graph.Resource {
	found := s.Referrers(bucket, token, "bucket")
	s.Expect(len(found) == 1, bucket, clause, "", "one %s beside it instead of %d", token, len(found))
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// inline are settings of a bucket that have resources of their own.
var inline = []string{
	"acl", "corsRules", "grants", "lifecycleRules", "loggings", "objectLockConfiguration", "policy", "replicationConfigurations",
	"serverSideEncryptionConfigurations", "versionings", "websites",
}

func bucketsBlockThePublic(s *Scope) {
	for _, old := range s.OfType("aws:s3/bucket:Bucket", "aws:s3/bucketObject:BucketObject") {
		s.Expect(false, old, "type", "", "%s", bucketType)
	}
	for _, bucket := range s.Each(bucketType) {
		for _, setting := range inline {
			_, set := bucket.Get(setting)
			s.Expect(!set, bucket, "no-inline", setting, "nothing: the setting has a resource of its own")
		}
		if block := beside(s, bucket, "blocked", bucketBlockType); block != nil {
			expectBlocked(s, block, "blocked")
		}
	}
	for _, point := range s.Each("aws:s3/accessPoint:AccessPoint") {
		for _, flag := range blockFlags {
			s.Expect(point.Is("publicAccessBlockConfiguration."+flag, true), point, "access-point", "publicAccessBlockConfiguration."+flag, "true")
		}
	}
	for _, policy := range bucketPolicies(s) {
		for _, statement := range policy.Statements {
			s.Expect(statement.Deny || !statement.Principals.Anyone(), policy.Holder, "no-open-principal", policy.Place.Path,
				"named principals in the allowing statement %q", statement.Sid)
		}
	}
}

// blockFlags are the four ways in which public access is blocked.
var blockFlags = []string{"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"}

func expectBlocked(s *Scope, block *graph.Resource, clause string) {
	for _, flag := range blockFlags {
		s.Expect(block.Is(flag, true), block, clause, flag, "true")
	}
}

func bucketPolicies(s *Scope) []document.Policy {
	return slices.DeleteFunc(documents(s, document.Resource), func(p document.Policy) bool { return p.Holder.Type != bucketPolicyType })
}

func bucketsRefusePlainTransport(s *Scope) {
	for _, bucket := range s.Each(bucketType) {
		holder := beside(s, bucket, "policy", bucketPolicyType)
		if holder == nil {
			continue
		}
		policy, err := document.Read(holder, "policy")
		s.Expect(err == nil, holder, "readable", "policy", "a policy document that is known")
		arn := bucket.Output("arn")
		refuses := func(holds func(document.Conditions) bool) bool {
			return slices.ContainsFunc(policy.Statements, func(st document.Statement) bool {
				return st.Deny && st.Principals.Anyone() && slices.Contains(st.Actions, "s3:*") &&
					slices.Contains(st.Resources, arn) && slices.Contains(st.Resources, arn+"/*") && len(st.Conditions) == 1 && holds(st.Conditions)
			})
		}
		s.Expect(refuses(plain), holder, "plain-transport", "policy", "a statement that denies s3:* on bucket and objects to anyone where aws:SecureTransport is false, and on no other condition")
		s.Expect(refuses(oldTLS), holder, "tls-version", "policy", "a statement that denies s3:* on bucket and objects to anyone where s3:TlsVersion is less than 1.2, and on no other condition")
	}
}

func plain(c document.Conditions) bool {
	values, _ := c.Values("aws:SecureTransport", "Bool")
	return slices.Equal(values, []string{"false"})
}

func oldTLS(c document.Conditions) bool {
	values, _ := c.Values("s3:TlsVersion", "NumericLessThan")
	return len(values) == 1 && values[0] >= "1.2"
}

func bucketsEncryptWithOurKey(s *Scope) {
	for _, bucket := range s.Each(bucketType) {
		encryption := beside(s, bucket, "encrypted", bucketEncryptionType)
		if encryption == nil {
			continue
		}
		const byDefault = "rules[0].applyServerSideEncryptionByDefault."
		s.Expect(encryption.Text(byDefault+"sseAlgorithm") == "aws:kms", encryption, "own-key", byDefault+"sseAlgorithm", "aws:kms")
		key := encryption.Reference(byDefault+"kmsMasterKeyId", keyType)
		s.Expect(key != nil && key.Layer == contract.Security, encryption, "own-key", byDefault+"kmsMasterKeyId", "the ARN of a key of the security layer")
		s.Expect(encryption.Is("rules[0].bucketKeyEnabled", true), encryption, "own-key", "rules[0].bucketKeyEnabled", "true")
		s.Expect(len(encryption.Items("rules")) == 1, encryption, "one-rule", "rules", "one rule")
	}
}

func bucketsKeepVersions(s *Scope) {
	for _, bucket := range s.Each(bucketType) {
		if versioning := beside(s, bucket, "versioned", bucketVersioningType); versioning != nil {
			s.Expect(versioning.Text("versioningConfiguration.status") == "Enabled", versioning, "versioned", "versioningConfiguration.status", "Enabled")
			s.Expect(versioning.Text("versioningConfiguration.mfaDelete") == "Enabled", versioning, "mfa-delete", "versioningConfiguration.mfaDelete", "Enabled")
		}
	}
}

// accessLogs is the bucket that takes the access logs of all others: the one
// that the security layer exports as such.
func accessLogs(s *Scope) *graph.Resource {
	name, _ := s.Exports(contract.Security)["accessLogsBucket"].(string)
	for _, r := range s.Owners(name) {
		if r.Type == bucketType {
			return r
		}
	}
	return nil
}

func bucketsLogAccesses(s *Scope) {
	target := accessLogs(s)
	for _, bucket := range s.Each(bucketType) {
		logging := beside(s, bucket, "logged", bucketLoggingType)
		if logging == nil {
			continue
		}
		s.Expect(target != nil && logging.Reference("targetBucket", bucketType) == target, logging, "target", "targetBucket", "the access-log bucket of the security layer")
	}
	if target != nil {
		s.Expect(len(s.Referrers(target, bucketLockType, "bucket")) == 0, target, "no-retention", "", "no default retention on the target of access logs: delivery would fail")
	}
}

// dangerous are the actions that no other account may have on a bucket.
var dangerous = []string{"s3:DeleteBucketPolicy", "s3:PutBucketAcl", "s3:PutBucketPolicy", "s3:PutEncryptionConfiguration", "s3:PutObjectAcl"}

func bucketsAreTheirOwners(s *Scope) {
	for _, bucket := range s.Each(bucketType) {
		if controls := beside(s, bucket, "owner", bucketOwnershipType); controls != nil {
			s.Expect(controls.Text("rule.objectOwnership") == "BucketOwnerEnforced", controls, "owner", "rule.objectOwnership", "BucketOwnerEnforced")
		}
	}
	for _, acl := range s.OfType("aws:s3/bucketAclV2:BucketAclV2") {
		s.Expect(false, acl, "no-acl", "", "no ACL")
	}
	for _, policy := range bucketPolicies(s) {
		for _, statement := range policy.Statements {
			if !statement.Deny {
				expectHarmless(s, policy.Holder, statement)
			}
		}
	}
}

// expectHarmless demands that other accounts are named one by one and get none
// of the dangerous actions.
func expectHarmless(s *Scope, holder *graph.Resource, statement document.Statement) {
	for _, principal := range statement.Principals["AWS"] {
		if strings.Contains(principal, ":"+s.Environment.AccountID+":") {
			continue
		}
		s.Expect(strings.HasPrefix(principal, "arn:aws:iam::") && !strings.Contains(principal, "*"), holder, "named-accounts", "policy",
			"a principal by its ARN instead of %q in statement %q", principal, statement.Sid)
		for _, action := range dangerous {
			s.Expect(!slices.ContainsFunc(statement.Actions, func(a string) bool { return matches(a, action) }), holder, "harmless", "policy",
				"no %s for %s in statement %q", action, principal, statement.Sid)
		}
	}
}

func bucketsHaveALifecycle(s *Scope) {
	for _, bucket := range s.Each(bucketType) {
		lifecycle := beside(s, bucket, "lifecycle", bucketLifecycleType)
		if lifecycle == nil {
			continue
		}
		var aborts, forgets, ends bool
		for _, rule := range lifecycle.Items("rules") {
			if rule["status"] != "Enabled" {
				continue
			}
			aborts = aborts || rule["abortIncompleteMultipartUpload"] != nil
			forgets = forgets || rule["noncurrentVersionExpiration"] != nil
			ends = ends || rule["expiration"] != nil || rule["transitions"] != nil
		}
		s.Expect(aborts, lifecycle, "uploads", "rules", "an enabled rule that ends unfinished uploads")
		s.Expect(forgets, lifecycle, "old-versions", "rules", "an enabled rule that ends old versions")
		s.Expect(ends, lifecycle, "data-class", "rules", "an enabled rule that expires or archives objects")
	}
}
