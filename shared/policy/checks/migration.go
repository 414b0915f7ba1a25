package checks

import (
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/document"
	"github.com/cutover/cutover/shared/policy/graph"
)

// migrationChecks are those of the rows of the layer of functions; the rows on
// functions hold for every layer's.
var migrationChecks = []Check{
	{Row: "M-01", Run: functionsRunTheRuntime},
	{Row: "M-02", Run: functionsStandInPrivate},
	{Row: "M-03", Run: functionsHaveCallers},
	{Row: "M-04", Run: functionsHoldNoCredential},
	{Row: "M-05", Run: functionsLog},
	{Row: "M-06", Run: functionsFailSafely},
	{Row: "M-07", Run: syncHasItsOwnUsers},
	{Row: "M-08", Run: syncInTheWindow},
	{Row: "M-09", Run: queuesAreProtected},
	{Row: "M-10", IfUsed: true, Run: streamsAreProtected},
	{Row: "M-11", Run: deliveriesAreEncrypted},
	{Row: "M-12", Run: noOtherMovers},
}

const queueType = "aws:sqs/queue:Queue"

// runtimes are those that functions may run on.
var runtimes = []string{"provided.al2023"}

func functionsRunTheRuntime(s *Scope) {
	for _, function := range s.Each(functionType) {
		s.Expect(slices.Contains(runtimes, function.Text("runtime")), function, "runtime", "runtime", "one of %v", runtimes)
		s.Expect(function.Text("packageType") == "Zip", function, "package", "packageType", "Zip")
	}
}

func functionsStandInPrivate(s *Scope) {
	public, data := publicSubnets(s), dataSubnets(s)
	for _, function := range s.Each(functionType) {
		subnets := ofType(function.References("vpcConfig.subnetIds"), subnetType)
		s.Expect(len(zonesOf(subnets)) >= 2, function, "zones", "vpcConfig.subnetIds", "subnets in two zones at least")
		for _, subnet := range subnets {
			s.Expect(!slices.Contains(public, subnet) && !slices.Contains(data, subnet), function, "private", "vpcConfig.subnetIds", "private subnets instead of %s", subnet.Name)
		}
		groups := ofType(function.References("vpcConfig.securityGroupIds"), groupType)
		s.Expect(len(groups) > 0, function, "group", "vpcConfig.securityGroupIds", "a security group of ours")
		for _, group := range groups {
			s.Expect(len(s.Referrers(group, serviceType, "")) == 0, function, "group", "vpcConfig.securityGroupIds", "a group that no service uses instead of %s", group.Name)
		}
	}
}

func functionsHaveCallers(s *Scope) {
	s.Each(functionType)
	for _, permission := range s.Each(permissionType) {
		s.Expect(strings.HasSuffix(permission.Text("principal"), ".amazonaws.com"), permission, "service", "principal", "a service")
		s.Expect(permission.Text("sourceArn") != "", permission, "source", "sourceArn", "what the service comes from")
		s.Expect(permission.Text("sourceAccount") == s.Environment.AccountID, permission, "source", "sourceAccount", "this account")
	}
	for _, address := range s.OfType("aws:lambda/functionUrl:FunctionUrl") {
		s.Expect(false, address, "no-url", "", "no address of a function")
	}
}

func functionsHoldNoCredential(s *Scope) {
	for _, function := range s.Each(functionType) {
		s.Expect(function.Reference("kmsKeyArn", keyType) != nil, function, "key", "kmsKeyArn", "a key of ours")
		variables, _ := function.Get("environment.variables")
		fields, _ := variables.(map[string]any)
		for name, value := range fields {
			text, _ := value.(string)
			arn := strings.HasPrefix(text, "arn:aws:secretsmanager:") || strings.HasPrefix(text, "{") && strings.Contains(text, "arn:aws:secretsmanager:")
			s.Expect(!secretName.MatchString(name) || arn, function, "environment", "environment.variables."+name, "no credential, but the ARN of a secret")
		}
	}
}

func functionsLog(s *Scope) {
	for _, function := range s.Each(functionType) {
		s.Expect(function.Reference("loggingConfig.logGroup", logGroupType) != nil, function, "logs", "loggingConfig.logGroup", "a declared log group")
		s.Expect(function.Text("tracingConfig.mode") == "Active", function, "traces", "tracingConfig.mode", "Active")
	}
}

func functionsFailSafely(s *Scope) {
	for _, function := range s.Each(functionType) {
		configured := slices.ContainsFunc(s.Referrers(function, "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig", "functionName"), func(r *graph.Resource) bool {
			return r.Text("destinationConfig.onFailure.destination") != ""
		})
		s.Expect(function.Text("deadLetterConfig.targetArn") != "" || configured, function, "failures", "deadLetterConfig.targetArn", "a queue, or a destination of failures")
		limit, set := function.Number("reservedConcurrentExecutions")
		s.Expect(set && limit > 0, function, "limit", "reservedConcurrentExecutions", "a limit")
		_, code := function.Get("code")
		s.Expect(code || function.Text("sourceCodeHash") != "", function, "pinned", "code", "an archive of the checkout, or a hash")
	}
}

func syncHasItsOwnUsers(s *Scope) {
	masters := make(map[string]bool)
	for _, cluster := range s.OfType(clusterType) {
		for _, secret := range arnsOf(cluster.Computed["masterUserSecrets"]) {
			masters[secret] = true
		}
	}
	for _, function := range s.OfType(functionType) {
		role := function.Reference("role", roleType)
		if function.Layer != contract.Migration || role == nil {
			continue
		}
		s.See(function)
		for _, attachment := range s.Referrers(role, attachmentType, "role") {
			holder := attachment.Reference("policyArn", policyType)
			if holder == nil {
				continue
			}
			policy, err := document.Read(holder, "policy")
			s.Expect(err == nil, holder, "readable", "policy", "a policy document that is known")
			for _, statement := range policy.Statements {
				for _, resource := range statement.Resources {
					s.Expect(statement.Deny || !masters[resource], holder, "never-master", "policy", "no secret of a master user in statement %q", statement.Sid)
				}
				s.Expect(statement.Deny || !slices.ContainsFunc(statement.Actions, changesRDS), holder, "never-master", "policy",
					"no administration of databases in statement %q", statement.Sid)
			}
		}
		_, told := function.Get("environment.variables.DATABASES")
		s.Expect(!told || readsOwnSecret(s, role), function, "own-user", "role", "the secret of a database user of its own")
	}
}

// changesRDS tells whether an action of RDS does more than look: whoever opens a side by
// force looks whether the lost one is shut off.
func changesRDS(action string) bool {
	return strings.HasPrefix(action, "rds:") && !strings.HasPrefix(action, "rds:Describe")
}

func arnsOf(value any) []string {
	var found []string
	walk("", value, func(_, text string) {
		if strings.HasPrefix(text, "arn:") {
			found = append(found, text)
		}
	})
	return found
}

// readsOwnSecret tells whether a role may read a secret of ours.
func readsOwnSecret(s *Scope, role *graph.Resource) bool {
	return slices.ContainsFunc(s.Referrers(role, attachmentType, "role"), func(attachment *graph.Resource) bool {
		holder := attachment.Reference("policyArn", policyType)
		return holder != nil && len(ofType(holder.References("policy"), secretType)) > 0
	})
}

func syncInTheWindow(s *Scope) {
	open := syncWindow(s).current(s.now)
	for layer, key := range map[contract.Layer]string{contract.Data: "data:syncWindow", contract.Migration: "migration:syncWindow"} {
		s.Expect(s.Config(layer)[key] != "true" || open, nil, "same-window", "", "%s false while foundation:syncWindow is closed or over", key)
	}
	for _, rule := range s.Each(ingressType, egressType) {
		own := rule.Reference("securityGroupId", groupType)
		peer := rule.Reference("referencedSecurityGroupId", groupType)
		if own == nil || peer == nil || own.Reference("vpcId", vpcType) == peer.Reference("vpcId", vpcType) {
			continue
		}
		s.Expect(open, rule, "rules", "referencedSecurityGroupId", "no rule to the other environment's groups outside of the sync window")
	}
	for _, schedule := range s.Each("aws:scheduler/schedule:Schedule") {
		s.Expect(schedule.Text("state") != "ENABLED" || open, schedule, "schedules", "state", "DISABLED outside of the sync window")
	}
}

func queuesAreProtected(s *Scope) {
	for _, queue := range s.Each(queueType) {
		s.Expect(queue.Reference("kmsMasterKeyId", keyType) != nil, queue, "encrypted", "kmsMasterKeyId", "a key of ours")
		s.Expect(queue.Text("redrivePolicy") != "" || isDeadLetter(s, queue), queue, "redrive", "redrivePolicy", "a dead-letter queue, for all that are none")
		policies := s.Referrers(queue, "aws:sqs/queuePolicy:QueuePolicy", "queueUrl")
		s.Expect(len(policies) == 1, queue, "policy", "", "one queue policy instead of %d", len(policies))
		for _, holder := range policies {
			policy, err := document.Read(holder, "policy")
			s.Expect(err == nil, holder, "readable", "policy", "a policy document that is known")
			expectClosed(s, holder, policy)
			refused := slices.ContainsFunc(policy.Statements, func(st document.Statement) bool {
				return st.Deny && st.Principals.Anyone() && len(st.Conditions) == 1 && plain(st.Conditions)
			})
			s.Expect(refused, holder, "plain-transport", "policy", "a statement that denies plain transport to anyone")
		}
	}
}

// isDeadLetter tells whether a queue is where others' failures go.
func isDeadLetter(s *Scope, queue *graph.Resource) bool {
	return slices.ContainsFunc(s.Referrers(queue, "", ""), func(r *graph.Resource) bool {
		return slices.Contains(r.References("deadLetterConfig"), queue) || slices.Contains(r.References("redrivePolicy"), queue) ||
			slices.Contains(r.References("target.deadLetterConfig"), queue)
	})
}

func streamsAreProtected(s *Scope) {
	for _, bus := range s.Each("aws:cloudwatch/eventBus:EventBus") {
		s.Expect(len(s.Referrers(bus, "aws:cloudwatch/eventBusPolicy:EventBusPolicy", "eventBusName")) == 1, bus, "bus", "", "a policy")
	}
	for _, stream := range s.Each("aws:kinesis/stream:Stream") {
		s.Expect(stream.Text("encryptionType") == "KMS", stream, "stream", "encryptionType", "KMS")
	}
	for _, machine := range s.Each("aws:sfn/stateMachine:StateMachine") {
		level := machine.Text("loggingConfiguration.level")
		s.Expect(level == "ERROR" || level == "ALL", machine, "machine", "loggingConfiguration.level", "ERROR or ALL")
		s.Expect(!machine.Is("loggingConfiguration.includeExecutionData", true), machine, "machine", "loggingConfiguration.includeExecutionData", "not true")
		s.Expect(machine.Reference("loggingConfiguration.logDestination", logGroupType) != nil, machine, "machine", "loggingConfiguration.logDestination", "a declared log group")
		s.Expect(machine.Is("tracingConfiguration.enabled", true), machine, "machine", "tracingConfiguration.enabled", "true")
		s.Expect(machine.Reference("encryptionConfiguration.kmsKeyId", keyType) != nil, machine, "machine", "encryptionConfiguration.kmsKeyId", "a key of ours")
	}
}

func deliveriesAreEncrypted(s *Scope) {
	for _, stream := range s.Each(deliveryType) {
		s.Expect(stream.Is("serverSideEncryption.enabled", true) && stream.Text("serverSideEncryption.keyType") == "CUSTOMER_MANAGED_CMK" &&
			stream.Reference("serverSideEncryption.keyArn", keyType) != nil, stream, "at-rest", "serverSideEncryption", "a key of ours")
		s.Expect(stream.Reference("extendedS3Configuration.kmsKeyArn", keyType) != nil, stream, "destination", "extendedS3Configuration.kmsKeyArn", "a key of ours")
		s.Expect(stream.Text("extendedS3Configuration.errorOutputPrefix") != "", stream, "errors", "extendedS3Configuration.errorOutputPrefix", "a place for what cannot be delivered")
		role := stream.Reference("extendedS3Configuration.roleArn", roleType)
		s.Expect(role != nil, stream, "own-role", "extendedS3Configuration.roleArn", "a role of ours")
		if role != nil {
			s.Expect(len(s.Referrers(role, functionType, "role"))+len(s.Referrers(role, taskType, "")) == 0, stream, "own-role", "extendedS3Configuration.roleArn", "a role of its own")
		}
	}
}

func noOtherMovers(s *Scope) {
	for _, r := range s.See(s.Resources()...) {
		s.Expect(!startsWithAny(r.Type, []string{"aws:dms/", "aws:codedeploy/"}), r, "not-used", "", "no resource of this type: the platform moves its data and traffic itself")
	}
}
