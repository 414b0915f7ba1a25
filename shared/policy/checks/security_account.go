package checks

import (
	"regexp"
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/policy/graph"
	"github.com/cutover/cutover/shared/policy/table"
)

// The bounds of passwords (PCI DSS 8.3.6, 8.3.7 and 8.3.9; CIS 1.8 and 1.9).
const (
	passwordLength = 14
	passwordReuse  = 24
	passwordDays   = 90
)

func passwordsAreStrong(s *Scope) {
	for _, policy := range s.Each("aws:iam/accountPasswordPolicy:AccountPasswordPolicy") {
		length, _ := policy.Number("minimumPasswordLength")
		s.Expect(length >= passwordLength, policy, "length", "minimumPasswordLength", "at least %d", passwordLength)
		for _, flag := range []string{"requireLowercaseCharacters", "requireUppercaseCharacters", "requireNumbers", "requireSymbols"} {
			s.Expect(policy.Is(flag, true), policy, "characters", flag, "true")
		}
		reuse, _ := policy.Number("passwordReusePrevention")
		s.Expect(reuse == passwordReuse, policy, "reuse", "passwordReusePrevention", "%d", passwordReuse)
		age, set := policy.Number("maxPasswordAge")
		s.Expect(set && age <= passwordDays, policy, "age", "maxPasswordAge", "at most %d days", passwordDays)
	}
}

// sourceIdentifier finds the managed rules in the template of a pack, in YAML or
// JSON.
var sourceIdentifier = regexp.MustCompile(`"?SourceIdentifier"?\s*:\s*"?([A-Z0-9_]+)`)

const (
	packType = "aws:cfg/conformancePack:ConformancePack"
	ruleType = "aws:cfg/rule:Rule"
)

// deployedRules counts how often each managed rule is deployed, in packs and as
// a rule of its own, and notes those as checked.
func deployedRules(s *Scope) map[string]int {
	rules := make(map[string]int)
	for _, pack := range s.Each(packType) {
		for _, match := range sourceIdentifier.FindAllStringSubmatch(pack.Text("templateBody"), -1) {
			rules[match[1]]++
		}
	}
	for _, rule := range s.Each(ruleType) {
		if rule.Text("source.owner") == "AWS" {
			rules[rule.Text("source.sourceIdentifier")]++
		}
	}
	return rules
}

// rulesOfRowDeployed is the check of rows that runtime rules alone can prove.
func rulesOfRowDeployed(s *Scope) {
	deployed := deployedRules(s)
	for _, rule := range s.row.Rules {
		s.Expect(deployed[rule.Identifier] == 1, nil, "deployed", "", "the Config rule %s deployed once instead of %d times", rule.Identifier, deployed[rule.Identifier])
	}
}

func rulesAreDeployed(s *Scope) {
	deployed := deployedRules(s)
	named := make(map[string]bool)
	for _, row := range table.Rows() {
		for _, rule := range row.Rules {
			if rule.Deployment != table.InPack && rule.Deployment != table.Single {
				continue
			}
			named[rule.Identifier] = true
			clause := "deployed"
			if rule.Deployment == table.Single {
				clause = "single-" + row.ID
			}
			s.Expect(deployed[rule.Identifier] == 1, nil, clause, "", "the Config rule %s of %s deployed once instead of %d times", rule.Identifier, row.ID, deployed[rule.Identifier])
		}
	}
	for identifier := range deployed {
		s.Expect(named[identifier], nil, "known", "", "no Config rule that no row names, such as %s", identifier)
	}
	const remediation = "aws:cfg/remediationConfiguration:RemediationConfiguration"
	for _, recorder := range s.Each("aws:cfg/recorder:Recorder") {
		s.Expect(len(s.OfType(remediation)) > 0, recorder, "remediation", "", "a %s for public buckets and open groups", remediation)
	}
}

func helpIsPrepared(s *Scope) {
	support := s.Where(func(r *graph.Resource) bool {
		return r.Type == attachmentType && r.Text("policyArn") == "arn:aws:iam::aws:policy/AWSSupportAccess" && r.Reference("role", roleType) != nil
	})
	s.Expect(len(support) > 0, nil, "support", "", "a role with AWSSupportAccess attached")
	s.See(support...)
	analyzers := s.Each("aws:accessanalyzer/analyzer:Analyzer")
	s.Expect(len(analyzers) > 0, nil, "analyzer", "", "an analyser of access from outside")
	for _, analyzer := range analyzers {
		s.Expect(slices.Contains([]string{"ACCOUNT", "ORGANIZATION"}, analyzer.Text("type")), analyzer, "analyzer", "type", "ACCOUNT or ORGANIZATION")
	}
	contacts := s.Each("aws:account/alternativeContact:AlternativeContact")
	s.Expect(slices.ContainsFunc(contacts, func(r *graph.Resource) bool { return r.Text("alternateContactType") == "SECURITY" }), nil, "contact", "",
		"an alternate contact of type SECURITY")
}

func configRecords(s *Scope) {
	recorders := s.Each("aws:cfg/recorder:Recorder")
	for _, recorder := range recorders {
		for _, flag := range []string{"allSupported", "includeGlobalResourceTypes"} {
			s.Expect(recorder.Is("recordingGroup."+flag, true), recorder, "everything", "recordingGroup."+flag, "true")
		}
		role := recorder.Reference("roleArn", "aws:iam/serviceLinkedRole:ServiceLinkedRole")
		s.Expect(role != nil && role.Text("awsServiceName") == "config.amazonaws.com", recorder, "role", "roleArn", "the service-linked role of AWS Config")
	}
	channels := s.Each("aws:cfg/deliveryChannel:DeliveryChannel")
	s.Expect(len(channels) == 1, nil, "channel", "", "one delivery channel instead of %d", len(channels))
	for _, channel := range channels {
		s.Expect(channel.Reference("s3KmsKeyArn", keyType) != nil, channel, "channel", "s3KmsKeyArn", "a key of ours")
		s.Expect(channel.Reference("snsTopicArn", "aws:sns/topic:Topic") != nil, channel, "channel", "snsTopicArn", "a topic of ours")
	}
	started := s.Each("aws:cfg/recorderStatus:RecorderStatus")
	s.Expect(len(started) == len(recorders), nil, "started", "", "a status for each recorder")
	for _, status := range started {
		s.Expect(status.Is("isEnabled", true), status, "started", "isEnabled", "true")
		for _, channel := range channels {
			s.Expect(slices.Contains(status.Dependencies, channel.URN), status, "order", "", "to come after %s: a recorder without channel does not start", channel)
		}
	}
	kept := s.Each("aws:cfg/retentionConfiguration:RetentionConfiguration")
	s.Expect(len(kept) == 1, nil, "kept", "", "one retention of recorded items instead of %d", len(kept))
	for _, retention := range kept {
		days, _ := retention.Number("retentionPeriodInDays")
		s.Expect(days >= evidenceDays, retention, "kept", "retentionPeriodInDays", "at least %d days", evidenceDays)
	}
}

// detectorFeatures are the protections of GuardDuty.
var detectorFeatures = []string{"S3_DATA_EVENTS", "RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS", "RUNTIME_MONITORING"}

func guardDutyWatches(s *Scope) {
	for _, detector := range s.Each("aws:guardduty/detector:Detector") {
		s.Expect(detector.Is("enable", true), detector, "enabled", "enable", "true")
		byName := make(map[string]*graph.Resource)
		for _, feature := range s.Referrers(detector, "aws:guardduty/detectorFeature:DetectorFeature", "detectorId") {
			byName[feature.Text("name")] = feature
		}
		for _, name := range detectorFeatures {
			feature := byName[name]
			s.Expect(feature != nil, detector, "features", "", "the feature %s", name)
			if feature != nil {
				s.Expect(feature.Text("status") == "ENABLED", feature, "features", "status", "ENABLED")
			}
		}
		if runtime := byName["RUNTIME_MONITORING"]; runtime != nil {
			fargate := slices.ContainsFunc(runtime.Items("additionalConfigurations"), func(c map[string]any) bool {
				return c["name"] == "ECS_FARGATE_AGENT_MANAGEMENT" && c["status"] == "ENABLED"
			})
			s.Expect(fargate, runtime, "fargate", "additionalConfigurations", "ECS_FARGATE_AGENT_MANAGEMENT ENABLED")
		}
	}
}

func inspectorScans(s *Scope) {
	for _, enabler := range s.Each("aws:inspector2/enabler:Enabler") {
		for _, kind := range []string{"ECR", "LAMBDA", "LAMBDA_CODE"} {
			s.Expect(slices.Contains(enabler.Texts("resourceTypes"), kind), enabler, "types", "resourceTypes", "%s among them", kind)
		}
	}
}

func macieLooks(s *Scope) {
	for _, macie := range s.Each("aws:macie2/account:Account") {
		s.Expect(macie.Text("status") == "ENABLED", macie, "enabled", "status", "ENABLED")
	}
}

// standards are the standards of Security Hub, by what their ARNs contain.
var standards = []string{"standards/pci-dss/v/4.0.1", "standards/aws-foundational-security-best-practices/v/1.0.0"}

func securityHubChecks(s *Scope) {
	hubs := s.Each("aws:securityhub/account:Account")
	s.Expect(len(hubs) == 1, nil, "enabled", "", "Security Hub enabled once instead of %d times", len(hubs))
	subscriptions := s.Each("aws:securityhub/standardsSubscription:StandardsSubscription")
	for _, standard := range standards {
		s.Expect(slices.ContainsFunc(subscriptions, func(r *graph.Resource) bool { return strings.HasSuffix(r.Text("standardsArn"), standard) }), nil, "standards", "",
			"a subscription of %s", standard)
	}
}

func accountIsClosed(s *Scope) {
	expectOne := func(clause, token string, holds func(*graph.Resource)) {
		found := s.Each(token)
		s.Expect(len(found) == 1, nil, clause, "", "one %s instead of %d", token, len(found))
		for _, r := range found {
			holds(r)
		}
	}
	expectOne("public-buckets", "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", func(r *graph.Resource) { expectBlocked(s, r, "public-buckets") })
	expectOne("volumes", "aws:ebs/encryptionByDefault:EncryptionByDefault", func(r *graph.Resource) {
		s.Expect(r.Is("enabled", true), r, "volumes", "enabled", "true")
	})
	expectOne("snapshots", "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess", func(r *graph.Resource) {
		s.Expect(r.Text("state") == "block-all-sharing", r, "snapshots", "state", "block-all-sharing")
	})
	expectOne("documents", "aws:ssm/serviceSetting:ServiceSetting", func(r *graph.Resource) {
		s.Expect(strings.HasSuffix(r.Text("settingId"), "/ssm/documents/console/public-sharing-permission"), r, "documents", "settingId", "the sharing of documents")
		s.Expect(r.Text("settingValue") == "Disable", r, "documents", "settingValue", "Disable")
	})
}

// singletons are the types that exist once in account and region.
var singletons = []string{
	"aws:account/alternativeContact:AlternativeContact", "aws:cfg/deliveryChannel:DeliveryChannel", "aws:cfg/recorder:Recorder",
	"aws:cfg/recorderStatus:RecorderStatus", "aws:cfg/retentionConfiguration:RetentionConfiguration", trailType,
	"aws:ebs/encryptionByDefault:EncryptionByDefault", "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess",
	"aws:guardduty/detector:Detector", "aws:iam/accountPasswordPolicy:AccountPasswordPolicy", "aws:inspector2/enabler:Enabler",
	"aws:macie2/account:Account", "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", "aws:securityhub/account:Account",
	"aws:ssm/serviceSetting:ServiceSetting", gatewayType,
}

func singletonsOnce(s *Scope) {
	for _, token := range singletons {
		found := s.Each(token)
		for _, r := range found {
			s.Expect(len(found) == 1, r, "once", "", "one resource of the type in all stacks instead of %d", len(found))
			s.Expect(token == gatewayType || !assumed(s), r, "assumed", "", "none: the configuration says that the organisation owns it")
		}
	}
}
