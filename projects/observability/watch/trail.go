package watch

import (
	"strings"

	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/projects/observability/estate"
	"github.com/cutover/cutover/shared/metrics"
)

// Filter counts events of the trail.
type Filter struct {
	Metric  metrics.Metric
	Pattern string
	// kind, meaning and severity are those of the alarm on what is counted; from is
	// how many in five minutes it takes.
	kind, meaning string
	severity      alarm.Severity
	from          float64
}

// events is a pattern for calls by name, of one API.
func events(source string, names ...string) string {
	terms := make([]string, len(names))
	for i, name := range names {
		terms[i] = "($.eventName = " + name + ")"
	}
	return `{ ($.eventSource = "` + source + `.amazonaws.com") && (` + strings.Join(terms, " || ") + `) }`
}

// Filters lists what is counted in the trail: the events of CIS AWS Foundations
// v3.0.0, 4.1 to 4.14, and those that switch a control off.
func Filters() []Filter {
	return []Filter{
		{metrics.RootUse, `{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }`, "root-used", "Somebody used the root user.", alarm.Page, 1},
		{metrics.RefusedCalls, `{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }`, "calls-refused", "Many calls are refused: a policy is missing, or somebody tries doors.", alarm.Warn, 20},
		{metrics.SignInsWithoutMFA, `{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }`, "sign-in-without-mfa", "Somebody signed in to the console without a second factor.", alarm.Page, 1},
		{metrics.FailedSignIns, `{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }`, "sign-ins-failed", "Sign-ins to the console fail again and again.", alarm.Warn, 3},
		{metrics.PolicyChanges, events("iam", "DeleteGroupPolicy", "DeleteRolePolicy", "DeleteUserPolicy", "PutGroupPolicy", "PutRolePolicy", "PutUserPolicy", "CreatePolicy", "DeletePolicy",
			"CreatePolicyVersion", "DeletePolicyVersion", "AttachRolePolicy", "DetachRolePolicy", "AttachUserPolicy", "DetachUserPolicy", "PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary", "UpdateAssumeRolePolicy"),
			"policies-changed", "Policies of IAM were changed.", alarm.Info, 1},
		{metrics.TrailChanges, events("cloudtrail", "CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging", "PutEventSelectors"), "trail-changed", "The trail was stopped or changed.", alarm.Page, 1},
		{metrics.RecorderChanges, events("config", "StopConfigurationRecorder", "DeleteDeliveryChannel", "PutDeliveryChannel", "PutConfigurationRecorder", "DeleteConfigRule", "DeleteConformancePack"), "recorder-changed", "The recorder of AWS Config, or a rule, was stopped or changed.", alarm.Page, 1},
		{metrics.KeyDeletions, events("kms", "DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy"), "key-endangered", "A key was disabled, is to be deleted, or has another policy.", alarm.Page, 1},
		{metrics.BucketPolicyChanges, events("s3", "PutBucketAcl", "PutBucketPolicy", "PutBucketCors", "PutBucketLifecycle", "PutBucketReplication", "DeleteBucketPolicy", "DeleteBucketCors", "DeleteBucketLifecycle", "DeleteBucketReplication", "PutBucketPublicAccessBlock"), "bucket-policy-changed", "The policy of a bucket was changed.", alarm.Warn, 1},
		{metrics.GroupChanges, events("ec2", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress", "CreateSecurityGroup", "DeleteSecurityGroup"), "security-group-changed", "A security group was changed.", alarm.Info, 1},
		{metrics.NetworkACLChanges, events("ec2", "CreateNetworkAcl", "CreateNetworkAclEntry", "DeleteNetworkAcl", "DeleteNetworkAclEntry", "ReplaceNetworkAclEntry", "ReplaceNetworkAclAssociation"), "network-acl-changed", "A network ACL was changed.", alarm.Warn, 1},
		{metrics.GatewayChanges, events("ec2", "CreateCustomerGateway", "DeleteCustomerGateway", "AttachInternetGateway", "CreateInternetGateway", "DeleteInternetGateway", "DetachInternetGateway", "CreateNatGateway"), "gateway-changed", "A way out of a network was made or changed.", alarm.Page, 1},
		{metrics.RouteChanges, events("ec2", "CreateRoute", "CreateRouteTable", "ReplaceRoute", "ReplaceRouteTableAssociation", "DeleteRouteTable", "DeleteRoute", "DisassociateRouteTable", "CreateTransitGatewayRoute"), "route-changed", "A route was changed.", alarm.Warn, 1},
		{metrics.NetworkChanges, events("ec2", "CreateVpc", "DeleteVpc", "ModifyVpcAttribute", "AcceptVpcPeeringConnection", "CreateVpcPeeringConnection", "DeleteVpcPeeringConnection", "RejectVpcPeeringConnection", "DeleteFlowLogs"), "network-changed", "A network was made or changed.", alarm.Warn, 1},
		{metrics.FailedRotations, `{ ($.eventSource = "secretsmanager.amazonaws.com") && (($.eventName = RotationFailed) || ($.eventName = CancelRotateSecret)) }`, "rotation-failed", "A secret could not be rotated, or its rotation was cancelled.", alarm.Page, 1},
		{metrics.FirewallChanges, events("wafv2", "DisassociateWebACL", "DeleteWebACL", "DeleteLoggingConfiguration"), "firewall-detached", "The web ACL was taken away from a balancer, or its log.", alarm.Page, 1},
		{metrics.AlarmChanges, events("monitoring", "DeleteAlarms", "DisableAlarmActions"), "alarms-changed", "Alarms were deleted or silenced.", alarm.Warn, 1},
	}
}

const askTrail = "Run the saved query of who changed what. If it was no deployment of ours, it is an incident."

// baseline are the alarms over trail and archive, where they are ours.
func (a Args) baseline() []alarm.Alarm {
	if !a.Baseline {
		return nil
	}
	all := archive()
	for _, filter := range Filters() {
		all = append(all, alarm.Alarm{
			Subject: "trail", Kind: filter.kind, Meaning: filter.meaning, Action: askTrail, Severity: filter.severity,
			Condition: alarm.Of(estate.At(filter.Metric), alarm.AtLeast, filter.from),
			Period:    fiveMin, Periods: 1, Points: 1, Missing: alarm.NotBreaching,
			Silence: "The filter counts 0 for every event that does not match; with no event at all there is nothing to find. That the trail is stopped is an event.",
		})
	}
	return all
}
