package checks

import (
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/policy/document"
	"github.com/cutover/cutover/shared/policy/graph"
)

func trailRecordsEverything(s *Scope) {
	trails := s.Each(trailType)
	s.Expect(len(trails) == 1, nil, "one-trail", "", "one trail instead of %d", len(trails))
	for _, trail := range trails {
		for _, flag := range []string{"isMultiRegionTrail", "includeGlobalServiceEvents", "enableLogging"} {
			s.Expect(trail.Is(flag, true), trail, "everything", flag, "true")
		}
		selectors := trail.Items("advancedEventSelectors")
		management := slices.ContainsFunc(selectors, func(selector map[string]any) bool {
			fields := selectorFields(selector)
			return len(fields) == 1 && slices.Equal(fields["eventCategory"], []string{"Management"})
		})
		s.Expect(len(selectors) == 0 || management, trail, "management", "advancedEventSelectors", "a selector of all management events")
	}
}

// selectorFields are the fields of an advanced event selector with what they
// have to equal; another operator shows as no value.
func selectorFields(selector map[string]any) map[string][]string {
	fields := make(map[string][]string)
	list, _ := selector["fieldSelectors"].([]any)
	for _, item := range list {
		field, _ := item.(map[string]any)
		name, _ := field["field"].(string)
		values, _ := field["equals"].([]any)
		fields[name] = []string{}
		for _, value := range values {
			text, _ := value.(string)
			fields[name] = append(fields[name], text)
		}
	}
	return fields
}

// isDomain tells whether a key has the alias of a domain of the environment.
func isDomain(s *Scope, key *graph.Resource, domain string) bool {
	if key == nil {
		return false
	}
	for _, alias := range s.Referrers(key, aliasType, "targetKeyId") {
		if strings.HasSuffix(alias.Text("name"), "/"+domain) {
			return true
		}
	}
	return false
}

func trailIsProtected(s *Scope) {
	for _, trail := range s.Each(trailType) {
		s.Expect(isDomain(s, trail.Reference("kmsKeyId", keyType), "audit"), trail, "audit-key", "kmsKeyId", "the key for evidence")
		s.Expect(trail.Is("enableLogFileValidation", true), trail, "validation", "enableLogFileValidation", "true")
		s.Expect(trail.Reference("cloudWatchLogsGroupArn", logGroupType) != nil, trail, "log-group", "cloudWatchLogsGroupArn", "a declared log group")
		s.Expect(trail.Reference("cloudWatchLogsRoleArn", roleType) != nil, trail, "log-group", "cloudWatchLogsRoleArn", "a role of its own")
	}
}

// dataEvents are the kinds of resources whose reads and writes are recorded.
var dataEvents = []string{"AWS::S3::Object", "AWS::DynamoDB::Table", "AWS::Lambda::Function"}

func trailRecordsData(s *Scope) {
	for _, trail := range s.Each(trailType) {
		for _, kind := range dataEvents {
			recorded := slices.ContainsFunc(trail.Items("advancedEventSelectors"), func(selector map[string]any) bool {
				fields := selectorFields(selector)
				_, half := fields["readOnly"]
				return slices.Contains(fields["resources.type"], kind) && !half
			})
			s.Expect(recorded, trail, "data-events", "advancedEventSelectors", "reads and writes of %s", kind)
		}
	}
}

// evidenceBuckets are those of the trail and of the log archive. Config delivers
// into no bucket with a default retention (AWS Config developer guide,
// "Permissions for the Amazon S3 Bucket for the AWS Config Delivery Channel").
func evidenceBuckets(s *Scope) []*graph.Resource {
	var found []*graph.Resource
	for _, trail := range s.OfType(trailType) {
		found = append(found, ofType(trail.References("s3BucketName"), bucketType)...)
	}
	for _, stream := range s.OfType(deliveryType) {
		found = append(found, ofType(stream.References("extendedS3Configuration.bucketArn"), bucketType)...)
	}
	slices.SortFunc(found, func(a, b *graph.Resource) int { return strings.Compare(a.URN, b.URN) })
	return slices.Compact(found)
}

// evidenceDays is how long evidence is kept: twelve months and some slack.
const evidenceDays = 400

func evidenceIsLocked(s *Scope) {
	for _, bucket := range s.See(evidenceBuckets(s)...) {
		s.Expect(bucket.Is("objectLockEnabled", true), bucket, "lockable", "objectLockEnabled", "true: it can be set when the bucket is made and never afterwards")
		s.Expect(!bucket.Is("forceDestroy", true) || !s.Production(), bucket, "kept", "forceDestroy", "not true")
		if lock := beside(s, bucket, "locked", bucketLockType); lock != nil {
			expectLock(s, lock)
		}
		for _, lifecycle := range s.Referrers(bucket, bucketLifecycleType, "bucket") {
			for _, rule := range lifecycle.Items("rules") {
				expiration, _ := rule["expiration"].(map[string]any)
				days, set := expiration["days"].(float64)
				s.Expect(!set || days >= evidenceDays || !s.Production(), lifecycle, "kept", "rules", "at least %d days before objects expire", evidenceDays)
			}
		}
		for _, holder := range s.Referrers(bucket, bucketPolicyType, "bucket") {
			expectPinned(s, holder)
		}
		s.Expect(len(s.Referrers(bucket, "aws:s3/bucketReplicationConfig:BucketReplicationConfig", "bucket")) == 1, bucket, "replicated", "", "a replica")
	}
}

// expectLock demands a retention that nobody can shorten, in production.
func expectLock(s *Scope, lock *graph.Resource) {
	mode, days := lock.Text("rule.defaultRetention.mode"), 0.0
	if number, set := lock.Number("rule.defaultRetention.days"); set {
		days = number
	}
	if s.Production() {
		s.Expect(mode == "COMPLIANCE", lock, "locked", "rule.defaultRetention.mode", "COMPLIANCE")
		s.Expect(days >= evidenceDays, lock, "locked", "rule.defaultRetention.days", "at least %d days", evidenceDays)
		return
	}
	s.Expect(mode == "GOVERNANCE" || mode == "COMPLIANCE", lock, "locked", "rule.defaultRetention.mode", "GOVERNANCE or COMPLIANCE")
	s.Expect(days >= 1, lock, "locked", "rule.defaultRetention.days", "at least one day")
}

// expectPinned demands that services write for this account's own resources.
func expectPinned(s *Scope, holder *graph.Resource) {
	policy, err := document.Read(holder, "policy")
	s.Expect(err == nil, holder, "readable", "policy", "a policy document that is known")
	for _, statement := range policy.Statements {
		if !statement.Deny && len(statement.Principals["Service"]) > 0 {
			s.Expect(statement.Conditions.Has("aws:SourceArn", "aws:SourceAccount"), holder, "pinned", "policy",
				"a condition on aws:SourceArn or aws:SourceAccount in statement %q", statement.Sid)
		}
	}
}

// shortInterval is the shorter of the two intervals of flow logs, in seconds.
const shortInterval = 60

func flowsAreLogged(s *Scope) {
	for _, vpc := range s.Each(vpcType) {
		logs := s.Referrers(vpc, flowLogType, "vpcId")
		s.Expect(len(logs) == 1, vpc, "logged", "", "one flow log instead of %d", len(logs))
		for _, log := range logs {
			s.Expect(log.Text("trafficType") == "ALL", log, "all-traffic", "trafficType", "ALL")
			expectFlowLog(s, log)
		}
	}
	for _, gateway := range s.Each(gatewayType) {
		logs := s.Referrers(gateway, flowLogType, "transitGatewayId")
		s.Expect(len(logs) == 1, gateway, "logged", "", "one flow log instead of %d", len(logs))
		for _, log := range logs {
			expectFlowLog(s, log)
		}
	}
}

func expectFlowLog(s *Scope, log *graph.Resource) {
	interval, _ := log.Number("maxAggregationInterval")
	s.Expect(interval == shortInterval, log, "interval", "maxAggregationInterval", "%d", shortInterval)
	s.Expect(log.Reference("logDestination", logGroupType) != nil, log, "destination", "logDestination", "a declared log group")
}
