package security

import (
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/iamdoc"
)

// boundary is the permission boundary of every workload: the actions that
// policies may hand out, and a refusal of what would blind the audit, destroy
// keys or widen the boundary itself. The refusal repeats what the list leaves
// out: it holds against resource policies too, and against the day the list
// grows. A boundary grants nothing; its open resource is narrowed by the policy
// that grants.
func boundary() iamdoc.Document {
	everything := []string{"*"}
	return iamdoc.Document{Statements: []iamdoc.Statement{
		{Sid: "Ceiling", Actions: component.WorkloadActions(), Resources: everything},
		{Sid: "KeepTheAudit", Deny: true, Resources: everything, Actions: []string{
			"cloudtrail:DeleteTrail", "cloudtrail:PutEventSelectors", "cloudtrail:StopLogging", "cloudtrail:UpdateTrail",
			"config:DeleteConfigurationRecorder", "config:DeleteDeliveryChannel", "config:StopConfigurationRecorder",
			"ec2:DeleteFlowLogs",
			"guardduty:DeleteDetector", "guardduty:UpdateDetector",
			"logs:DeleteLogGroup", "logs:DeleteLogStream", "logs:DeleteRetentionPolicy",
		}},
		{Sid: "KeepTheKeys", Deny: true, Resources: everything, Actions: []string{
			"kms:DisableKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion",
		}},
		{Sid: "KeepTheBoundary", Deny: true, Resources: everything, Actions: []string{
			"iam:CreateAccessKey", "iam:CreatePolicyVersion", "iam:CreateUser",
			"iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary",
			"iam:PutRolePermissionsBoundary", "iam:PutUserPermissionsBoundary", "iam:SetDefaultPolicyVersion",
		}},
	}}
}
