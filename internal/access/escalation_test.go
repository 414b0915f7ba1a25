package access_test

import (
	"slices"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/policy/access"
)

// escalationRules: no role widens itself or another, and none stops the audit.
func (s scene) escalationRules() []access.Rule {
	roles := s.everyRole()
	deploy := []access.Caller{s.role("", "deploy")}
	everyRole, everyPolicy := s.arns(roleType, ""), s.arns(policyType, "")
	boundaries := []string{
		s.arn(policyType, "shared-boundary"), s.arn(policyType, "outsiders-people-boundary"), s.arn(policyType, "outsiders-deploy-boundary"),
		s.arn(policyType, "blue-backup-boundary"), s.arn(policyType, "green-backup-boundary"),
	}
	workload := s.arn(roleType, "blue-sync")
	own := "arn:aws:iam::" + s.account() + ":policy/cutover/data/any"
	attach := []string{"iam:AttachRolePolicy"}
	return []access.Rule{
		{
			Name: "no role makes or changes identities", Callers: roles, On: append(slices.Clone(everyRole), "arn:aws:iam::"+s.account()+":role/new"),
			Actions: []string{
				"iam:CreateRole", "iam:DeleteRole", "iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary",
				"iam:DeleteRolePermissionsBoundary", "iam:UpdateRole",
			},
		},
		{
			Name: "no role makes users", Callers: roles, On: []string{"arn:aws:iam::" + s.account() + ":user/new"},
			Actions: []string{"iam:CreateUser", "iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:AttachUserPolicy", "iam:PutUserPolicy"},
		},
		{
			Name: "no role changes a boundary", Callers: roles, On: boundaries,
			Actions: []string{"iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion"},
		},
		{
			Name: "the pipeline alone changes policies of other layers", Actions: []string{"iam:CreatePolicyVersion"}, Callers: roles,
			On: []string{s.arn(policyType, "blue-control-table")}, May: deploy,
		},
		{
			Name: "the pipeline attaches policies of layers to workloads", Actions: attach, On: []string{workload, s.arn(roleType, "outsiders-operator")},
			With: one("iam:PolicyARN", own), Callers: roles, May: deploy,
		},
		{
			Name: "and no others", Actions: attach, On: everyRole, Callers: roles,
			With: one("iam:PolicyARN", "arn:aws:iam::aws:policy/AdministratorAccess"),
		},
		{
			Name: "and none to itself or to auditors", Actions: attach, With: one("iam:PolicyARN", own), Callers: roles,
			On: []string{s.arn(roleType, "outsiders-deploy"), s.arn(roleType, "outsiders-audit")},
		},
		{
			Name: "the pipeline passes workloads' roles to their services", Actions: []string{"iam:PassRole"}, On: []string{workload}, Callers: roles,
			With: one("iam:PassedToService", "lambda.amazonaws.com"), May: deploy,
		},
		{
			Name: "and to no other service", Actions: []string{"iam:PassRole"}, On: everyRole, Callers: roles,
			With: one("iam:PassedToService", "ec2.amazonaws.com"),
		},
		{
			Name: "and not its own", Actions: []string{"iam:PassRole"}, Callers: roles, With: one("iam:PassedToService", "lambda.amazonaws.com"),
			On: []string{s.arn(roleType, "outsiders-deploy"), s.arn(roleType, "outsiders-audit"), s.arn(roleType, "outsiders-operator")},
		},
		s.auditStays(roles),
		{Name: "no role assumes another", Actions: []string{"sts:AssumeRole"}, On: everyRole, Callers: roles},
		{Name: "no workload touches policies", Actions: []string{"iam:CreatePolicyVersion", "iam:DeletePolicy"}, On: everyPolicy, Callers: s.workloads()},
	}
}

func (s scene) workloads() []access.Caller {
	var callers []access.Caller
	for _, color := range naming.Colors() {
		callers = append(callers, s.tasks(color)...)
		callers = append(callers, s.executions(color)...)
	}
	return callers
}

// auditStays: every way of blinding the audit, on any resource.
func (s scene) auditStays(roles []access.Caller) access.Rule {
	return access.Rule{
		Name: "no role stops the audit", Callers: roles,
		Actions: []string{
			"cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:UpdateTrail", "cloudtrail:PutEventSelectors",
			"config:StopConfigurationRecorder", "config:DeleteConfigurationRecorder", "config:DeleteDeliveryChannel", "config:DeleteConfigRule",
			"guardduty:DeleteDetector", "guardduty:UpdateDetector", "securityhub:DisableSecurityHub", "ec2:DeleteFlowLogs",
			"logs:DeleteLogGroup", "logs:DeleteLogStream", "logs:DeleteRetentionPolicy",
		},
		On: []string{
			"*", s.regional("cloudtrail", "trail/any"), s.regional("config", "config-rule/any"), s.regional("guardduty", "detector/any"),
			s.regional("ec2", "vpc-flow-log/fl-1"), s.regional("logs", "log-group:/cutover/any:log-stream:any"),
		},
	}
}
