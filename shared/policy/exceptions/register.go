package exceptions

import (
	"slices"
	"strings"
	"time"
)

// The types that exceptions are about.
const (
	encryptionType = "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
	versioningType = "aws:s3/bucketVersioningV2:BucketVersioningV2"
	bucketType     = "aws:s3/bucketV2:BucketV2"
	gatewayType    = "aws:ec2/internetGateway:InternetGateway"
	vpcType        = "aws:ec2/vpc:Vpc"
	aclType        = "aws:ec2/networkAcl:NetworkAcl"
	policyType     = "aws:iam/policy:Policy"
	logGroupType   = "aws:cloudwatch/logGroup:LogGroup"
	instanceType   = "aws:rds/clusterInstance:ClusterInstance"
	functionType   = "aws:lambda/function:Function"
	recorderType   = "aws:cfg/recorder:Recorder"
)

// The roles that answer for exceptions.
const (
	security   = "security engineering"
	network    = "network engineering"
	data       = "data engineering"
	edge       = "edge engineering"
	deployment = "release engineering"
)

// Register returns the exceptions that are in force. They are renewed by a
// decision, not by default.
func Register() []Exception {
	decided, expires := On(2026, time.November, 2), On(2027, time.October, 29)
	register := slices.Concat(ofBuckets(), ofNetworks(), ofOthers(), ofInstallers())
	for i := range register {
		register[i].Decided, register[i].Expires = decided, expires
	}
	return register
}

// ofBuckets are those of buckets, most of which concern services that cannot comply.
func ofBuckets() []Exception {
	return []Exception{
		{
			Key: "EXC-01-blue", Control: "X-14", Clause: "own-key", Resource: encryptionType + " blue-alb-logs", Owner: edge,
			Reason:       "delivery of a balancer's access and connection logs takes no key of ours",
			Compensating: []string{"E-05", "X-13"}, Runtime: Expected,
		},
		{
			Key: "EXC-01-green", Control: "X-14", Clause: "own-key", Resource: encryptionType + " green-alb-logs", Owner: edge,
			Reason:       "delivery of a balancer's access and connection logs takes no key of ours",
			Compensating: []string{"E-05", "X-13"}, Runtime: Expected,
		},
		{
			Key: "EXC-02", Control: "X-14", Clause: "own-key", Resource: encryptionType + " evidence-access-logs", Owner: security,
			Reason:       "the target of S3's access logs takes no key of ours",
			Compensating: []string{"X-12", "X-13"}, Runtime: Expected,
		},
		{
			Key: "EXC-04", Control: "X-15", Clause: "mfa-delete", Resource: versioningType, Owner: security,
			Reason:       "only the root user with a second factor can set it, no program can",
			Compensating: []string{"S-14", "X-17"}, Runtime: Omitted,
		},
		{
			Key: "EXC-05-trail", Control: "S-14", Clause: "replicated", Resource: bucketType + " evidence-trail", Owner: security,
			Reason:       "evidence stays in the only region of the platform, locked and with versions",
			Compensating: []string{"X-15", "D-15"}, Runtime: Expected,
		},
		{
			Key: "EXC-05-archive", Control: "S-14", Clause: "replicated", Resource: bucketType + " evidence-archive", Owner: security,
			Reason:       "evidence stays in the only region of the platform, locked and with versions",
			Compensating: []string{"X-15", "D-15"}, Runtime: Expected,
		},
		{
			Key: "EXC-08", Control: "X-16", Clause: "logged", Resource: bucketType + " evidence-access-logs", Owner: security,
			Reason:       "the bucket of access logs would log its own deliveries without end",
			Compensating: []string{"S-13", "X-12"}, Runtime: Expected,
		},
	}
}

// ofNetworks are those of the network layer.
func ofNetworks() []Exception {
	return []Exception{
		{
			Key: "EXC-06-blue", Control: "F-17", Clause: "blocked", Resource: gatewayType + " blue-internet", Owner: network,
			Reason:       "the public balancer of each colour needs the gateway of its network",
			Compensating: []string{"F-03", "F-04"}, Runtime: Omitted,
		},
		{
			Key: "EXC-06-green", Control: "F-17", Clause: "blocked", Resource: gatewayType + " green-internet", Owner: network,
			Reason:       "the public balancer of each colour needs the gateway of its network",
			Compensating: []string{"F-03", "F-04"}, Runtime: Omitted,
		},
		{
			Key: "EXC-09-blue", Control: "F-06", Clause: "administration", Resource: aclType + " blue-private-acl", Owner: network,
			Reason:       "answers of S3 and DynamoDB come from public addresses to any client port; a gap would break one connection in 64,512",
			Compensating: []string{"F-04", "X-20"}, Runtime: Expected,
		},
		{
			Key: "EXC-09-green", Control: "F-06", Clause: "administration", Resource: aclType + " green-private-acl", Owner: network,
			Reason:       "answers of S3 and DynamoDB come from public addresses to any client port; a gap would break one connection in 64,512",
			Compensating: []string{"F-04", "X-20"}, Runtime: Expected,
		},
	}
}

// ofOthers are those of keys, logs, rules, databases and functions.
func ofOthers() []Exception {
	return []Exception{
		{
			Key: "EXC-03", Control: "D-09", Clause: "auto-minor", Resource: instanceType, Owner: data,
			Reason:       "release 14.6 is kept on purpose, for its long support and because both colours replicate; updates are planned",
			Compensating: []string{"D-13", "S-21"}, Runtime: Expected,
		},
		{
			Key: "EXC-10-key", Control: "X-07", Clause: "named-keys", Resource: policyType + " outsiders-deploy-common", Owner: deployment,
			Reason:       "the key of Pulumi's state is older than every stack and belongs to none of them",
			Compensating: []string{"X-09", "X-10"}, Runtime: Omitted,
		},
		{
			Key: "EXC-10-way", Control: "X-07", Clause: "via-service", Resource: policyType + " outsiders-deploy-common", Owner: deployment,
			Reason:       "Pulumi decrypts the secrets of its state itself; no service stands between",
			Compensating: []string{"X-09", "X-10"}, Runtime: Omitted,
		},
		{
			Key: "EXC-11", Control: "X-23", Clause: "archived", Resource: logGroupType + " archive-errors", Owner: security,
			Reason:       "errors of the archive's delivery would go round in the delivery that fails",
			Compensating: []string{"O-09", "S-14"}, Runtime: Omitted,
		},
		{
			Key: "EXC-12", Control: "S-17", Clause: "remediation", Resource: recorderType + " recorder", Owner: security,
			Reason:       "a repair that no deployment knows of becomes drift; what it would repair the account already refuses, and findings raise alarms",
			Compensating: []string{"S-22", "X-20", "O-08"}, Runtime: Omitted,
		},
		{
			Key: "EXC-13-blue", Control: "M-06", Clause: "failures", Resource: functionType + " blue-rotation", Owner: data,
			Reason:       "Secrets Manager alone calls the function; it repeats a rotation that failed and reports it",
			Compensating: []string{"D-20", "O-09"}, Runtime: Expected,
		},
		{
			Key: "EXC-13-green", Control: "M-06", Clause: "failures", Resource: functionType + " green-rotation", Owner: data,
			Reason:       "Secrets Manager alone calls the function; it repeats a rotation that failed and reports it",
			Compensating: []string{"D-20", "O-09"}, Runtime: Expected,
		},
	}
}

// ofInstallers are those of the functions that prepare both databases, and that take
// the engine out of them in the end. Their commands make and drop roles, a publication
// and event triggers, which on Aurora takes the master user; no other function of the
// migration reads that secret.
func ofInstallers() []Exception {
	var all []Exception
	for _, policy := range []string{
		"blue-finalise-secrets", "blue-peer-finalise-secrets", "green-finalise-secrets", "green-peer-finalise-secrets",
	} {
		all = append(all, Exception{
			Key: "EXC-15-" + strings.TrimSuffix(policy, "-finalise-secrets"), Control: "M-07", Clause: "never-master", Resource: policyType + " " + policy, Owner: data,
			Reason:       "event trigger and schema of the engine are dropped by the master user alone; the function ends a migration that two operators have confirmed under their own names",
			Compensating: []string{"M-05", "M-06", "M-08"}, Runtime: Omitted,
		})
	}
	for _, color := range []string{"blue", "green"} {
		all = append(all, Exception{
			Key: "EXC-15-" + color + "-user", Control: "M-07", Clause: "own-user", Resource: functionType + " " + color + "-finalise", Owner: data,
			Reason:       "the function does nothing but what the master user alone can do, and has that login alone; one for each side",
			Compensating: []string{"M-05", "M-06", "M-08"}, Runtime: Omitted,
		})
	}
	for _, policy := range []string{"blue-install-secrets", "blue-peer-install-secrets", "green-install-secrets", "green-peer-install-secrets"} {
		all = append(all, Exception{
			Key: "EXC-14-" + strings.TrimSuffix(policy, "-install-secrets"), Control: "M-07", Clause: "never-master", Resource: policyType + " " + policy, Owner: data,
			Reason:       "roles, publication and event trigger of the engine are made by the master user alone; an operator calls the function, one at a time",
			Compensating: []string{"M-05", "M-06", "M-08"}, Runtime: Omitted,
		})
	}
	return all
}
