package evaluate_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/document"
	"github.com/cutover/cutover/shared/policy/evaluate"
	"github.com/cutover/cutover/shared/policy/graph"
	"github.com/cutover/cutover/shared/recording"
)

const (
	own   = "111122223333"
	other = "444455556666"

	role    = "arn:aws:iam::" + own + ":role/app"
	session = "arn:aws:sts::" + own + ":assumed-role/app/one"
	bucket  = "arn:aws:s3:::box"
	object  = bucket + "/a/b"
	key     = "arn:aws:kms:us-east-1:" + own + ":key/1"
)

// policy reads statements as a policy of that name.
func policy(t *testing.T, name, statements string) *evaluate.Policy {
	t.Helper()
	if statements == "" {
		return nil
	}
	g := graph.New(graph.Environment{Name: "local", AccountID: own, Region: "us-east-1"}, contract.Security, recording.Resource{
		Type: "aws:iam/policy:Policy", Name: name,
		Inputs: map[string]any{"name": name, "path": "/", "policy": `{"Version":"2012-10-17","Statement":[` + statements + `]}`},
	})
	read, err := document.Read(g.Resources()[0], "policy")
	require.NoError(t, err)
	return &evaluate.Policy{Name: name, Document: read}
}

// Statements of the cases.
const (
	allowGet    = `{"Effect":"Allow","Action":"s3:GetObject","Resource":"` + bucket + `/*"}`
	allowPut    = `{"Effect":"Allow","Action":"s3:PutObject","Resource":"` + bucket + `/*"}`
	denyGet     = `{"Effect":"Deny","Action":"s3:Get*","Resource":"*"}`
	denyAnyone  = `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}`
	grantRole   = `{"Effect":"Allow","Principal":{"AWS":"` + role + `"},"Action":"s3:GetObject","Resource":"` + bucket + `/*"}`
	grantOne    = `{"Effect":"Allow","Principal":{"AWS":"` + session + `"},"Action":"s3:GetObject","Resource":"` + bucket + `/*"}`
	grantAnyone = `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"` + bucket + `/*"}`
	grantRoot   = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + own + `:root"},"Action":"s3:GetObject","Resource":"` + bucket + `/*"}`
	grantNumber = `{"Effect":"Allow","Principal":{"AWS":"` + own + `"},"Action":"s3:GetObject","Resource":"` + bucket + `/*"}`
	grantTrail  = `{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetObject","Resource":"` + bucket + `/*"}`

	keyRoot = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + own + `:root"},"Action":"kms:Decrypt","Resource":"*"}`
	keyRole = `{"Effect":"Allow","Principal":{"AWS":"` + role + `"},"Action":"kms:Decrypt","Resource":"*"}`
	useKey  = `{"Effect":"Allow","Action":"kms:Decrypt","Resource":"` + key + `"}`

	trustRole   = `{"Effect":"Allow","Principal":{"AWS":"` + role + `"},"Action":"sts:AssumeRole"}`
	trustRoot   = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + own + `:root"},"Action":"sts:AssumeRole"}`
	trustLambda = `{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}`
	assumeAny   = `{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}`
)

type flow struct {
	identity, boundary, session, resource, endpoint string

	principal        evaluate.Principal
	action, on       string
	account          string
	allowed, refused bool
}

func (f flow) decide(t *testing.T) (evaluate.Decision, error) {
	t.Helper()
	request := evaluate.Request{Principal: f.principal, Action: f.action, Resource: f.on, Account: f.account}
	if request.Principal == (evaluate.Principal{}) {
		request.Principal = evaluate.Principal{ARN: role, SessionARN: session}
	}
	if request.Action == "" {
		request.Action, request.Resource = "s3:GetObject", object
	}
	if request.Account == "" {
		request.Account = own
	}
	policies := evaluate.Policies{
		Boundary: policy(t, "boundary", f.boundary), Session: policy(t, "session", f.session),
		Resource: policy(t, "resource", f.resource), Endpoint: policy(t, "endpoint", f.endpoint),
	}
	if identity := policy(t, "identity", f.identity); identity != nil {
		policies.Identity = []evaluate.Policy{*identity}
	}
	return evaluate.Decide(request, policies)
}

// The cases are those of the IAM user guide: "How AWS enforcement code logic
// evaluates requests to allow or deny access", "Evaluating effective permissions
// with boundaries", "Policy evaluation for requests within a single account",
// "Cross-account policy evaluation logic", and of the AWS KMS developer guide,
// "Troubleshooting AWS KMS permissions".
func TestRequestsAreDecidedAsAWSDescribes(t *testing.T) {
	outsider := evaluate.Principal{ARN: "arn:aws:iam::" + other + ":role/app"}
	trail := evaluate.Principal{Service: "cloudtrail.amazonaws.com"}
	for name, f := range map[string]flow{
		"nothing allows":                                    {},
		"identity allows":                                   {identity: allowGet, allowed: true},
		"identity allows another action":                    {identity: allowPut},
		"identity refuses":                                  {identity: allowGet + "," + denyGet, refused: true},
		"resource refuses everybody":                        {identity: allowGet, resource: denyAnyone, refused: true},
		"boundary refuses":                                  {identity: allowGet, boundary: allowGet + "," + denyGet, refused: true},
		"session refuses":                                   {identity: allowGet, session: denyGet, refused: true},
		"boundary alone grants nothing":                     {boundary: allowGet},
		"boundary without the action":                       {identity: allowGet, boundary: allowPut},
		"boundary with the action":                          {identity: allowGet, boundary: allowGet, allowed: true},
		"session without the action":                        {identity: allowGet, session: allowPut},
		"all three allow":                                   {identity: allowGet, boundary: allowGet, session: allowGet, allowed: true},
		"resource names the role":                           {resource: grantRole, allowed: true},
		"resource names the role, boundary does not":        {resource: grantRole, boundary: allowPut},
		"resource names the role, session does not":         {resource: grantRole, session: allowPut},
		"resource names the session":                        {resource: grantOne, boundary: allowPut, session: allowPut, allowed: true},
		"resource names the session, boundary refuses":      {resource: grantOne, boundary: denyGet, refused: true},
		"resource names everybody":                          {resource: grantAnyone, boundary: allowPut, allowed: true},
		"resource names the account, identity does not":     {resource: grantRoot},
		"resource names the account, identity too":          {resource: grantRoot, identity: allowGet, allowed: true},
		"other account, only the resource":                  {principal: outsider, resource: grantAnyone},
		"other account, only its identity":                  {principal: outsider, identity: allowGet},
		"other account, both":                               {principal: outsider, identity: allowGet, resource: grantAnyone, allowed: true},
		"other account, both, its boundary does not":        {principal: outsider, identity: allowGet, boundary: allowPut, resource: grantAnyone},
		"other account, the resource names ours":            {principal: outsider, identity: allowGet, resource: grantRoot},
		"service that is named":                             {principal: trail, resource: grantTrail, allowed: true},
		"service that is not named":                         {principal: evaluate.Principal{Service: "config.amazonaws.com"}, resource: grantTrail},
		"service among everybody that is refused":           {principal: trail, resource: grantTrail + "," + denyAnyone, refused: true},
		"endpoint without the action":                       {identity: allowGet, endpoint: `{"Effect":"Allow","Principal":"*","Action":"s3:PutObject","Resource":"*"}`},
		"endpoint with the action":                          {identity: allowGet, endpoint: grantAnyone, allowed: true},
		"endpoint alone grants nothing":                     {endpoint: grantAnyone},
		"key without a word, identity allows":               {action: "kms:Decrypt", on: key, identity: useKey},
		"key leaves it to the account, identity allows":     {action: "kms:Decrypt", on: key, identity: useKey, resource: keyRoot, allowed: true},
		"key leaves it to the account, identity does not":   {action: "kms:Decrypt", on: key, resource: keyRoot},
		"key names the role":                                {action: "kms:Decrypt", on: key, resource: keyRole, allowed: true},
		"key names the role, boundary does not":             {action: "kms:Decrypt", on: key, resource: keyRole, boundary: allowGet},
		"key leaves it to the account, boundary does not":   {action: "kms:Decrypt", on: key, identity: useKey, resource: keyRoot, boundary: allowGet},
		"trust without a word, identity allows":             {action: "sts:AssumeRole", on: role + "2", identity: assumeAny, resource: trustLambda},
		"trust names the role":                              {action: "sts:AssumeRole", on: role + "2", resource: trustRole, allowed: true},
		"trust names the account, identity does not":        {action: "sts:AssumeRole", on: role + "2", resource: trustRoot},
		"trust names the account, identity allows":          {action: "sts:AssumeRole", on: role + "2", resource: trustRoot, identity: assumeAny, allowed: true},
		"trust names the service":                           {action: "sts:AssumeRole", on: role, principal: evaluate.Principal{Service: "lambda.amazonaws.com"}, resource: trustLambda, allowed: true},
		"trust names another service":                       {action: "sts:AssumeRole", on: role, principal: trail, resource: trustLambda},
		"resource in another account, only the identity":    {identity: allowGet, account: other},
		"resource names the account by number, identity to": {resource: grantNumber, identity: allowGet, allowed: true},
	} {
		t.Run(name, func(t *testing.T) {
			decision, err := f.decide(t)
			require.NoError(t, err)
			assert.Equal(t, f.allowed, decision.Allowed, decision)
			assert.Equal(t, f.refused, decision.Explicit, decision)
			assert.NotEmpty(t, decision.By)
		})
	}
}

func TestElementsMatchAsTheGrammarSays(t *testing.T) {
	statement := func(elements string) string { return `{"Effect":"Allow",` + elements + `}` }
	for name, c := range map[string]struct {
		statement, action, on string
		want                  bool
	}{
		"case of letters in actions":           {`"Action":"S3:getobject","Resource":"*"`, "s3:GetObject", object, true},
		"star inside an action":                {`"Action":"s3:*Object","Resource":"*"`, "s3:GetObject", object, true},
		"question mark in an action":           {`"Action":"s3:?etObject","Resource":"*"`, "s3:GetObject", object, true},
		"question mark wants a letter":         {`"Action":"s3:GetObject?","Resource":"*"`, "s3:GetObject", object, false},
		"one of several actions":               {`"Action":["s3:PutObject","s3:GetObject"],"Resource":"*"`, "s3:GetObject", object, true},
		"all actions but":                      {`"NotAction":"iam:*","Resource":"*"`, "s3:GetObject", object, true},
		"all actions but this":                 {`"NotAction":"s3:Get*","Resource":"*"`, "s3:GetObject", object, false},
		"all resources but":                    {`"Action":"s3:GetObject","NotResource":"` + bucket + `/z/*"`, "s3:GetObject", object, true},
		"all resources but this":               {`"Action":"s3:GetObject","NotResource":"` + bucket + `/a/*"`, "s3:GetObject", object, false},
		"case of letters in resources":         {`"Action":"s3:GetObject","Resource":"arn:aws:s3:::BOX/*"`, "s3:GetObject", object, false},
		"star beyond a slash":                  {`"Action":"s3:GetObject","Resource":"arn:aws:s3:::box/*b"`, "s3:GetObject", object, true},
		"star inside one part of an ARN":       {`"Action":"sqs:SendMessage","Resource":"arn:aws:sqs:*:` + own + `:q"`, "sqs:SendMessage", "arn:aws:sqs:eu-west-1:" + own + ":q", true},
		"star does not leave its part":         {`"Action":"sqs:SendMessage","Resource":"arn:aws:sqs:*::q"`, "sqs:SendMessage", "arn:aws:sqs:eu-west-1:" + own + ":q", false},
		"last star passes colons":              {`"Action":"logs:PutLogEvents","Resource":"arn:aws:logs:us-east-1:` + own + `:log-group:/a:*"`, "logs:PutLogEvents", "arn:aws:logs:us-east-1:" + own + ":log-group:/a:log-stream:x", true},
		"the bucket is not its objects":        {`"Action":"s3:GetObject","Resource":"` + bucket + `"`, "s3:GetObject", object, false},
		"a pattern without end":                {`"Action":"s3:GetObject","Resource":"arn:aws:s3:::box*"`, "s3:GetObject", "arn:aws:s3:::boxes/a", true},
		"action on every resource":             {`"Action":"ecr:GetAuthorizationToken","Resource":"*"`, "ecr:GetAuthorizationToken", "*", true},
		"action without resource level by ARN": {`"Action":"ecr:GetAuthorizationToken","Resource":"arn:aws:ecr:us-east-1:` + own + `:repository/*"`, "ecr:GetAuthorizationToken", "*", false},
	} {
		t.Run(name, func(t *testing.T) {
			decision, err := flow{identity: statement(c.statement), action: c.action, on: c.on}.decide(t)
			require.NoError(t, err)
			assert.Equal(t, c.want, decision.Allowed, decision)
		})
	}
}

func TestWhatIsNotUnderstoodIsAnErrorAndNeverAnAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		f    flow
		want string
	}{
		"operator":           {flow{identity: allowWith(`"StringMatches":{"aws:PrincipalArn":"x"}`)}, "operator is unknown"},
		"binary operator":    {flow{identity: allowWith(`"BinaryEquals":{"aws:PrincipalArn":"x"}`)}, "operator is unknown"},
		"set operator":       {flow{identity: allowWith(`"ForSome:StringEquals":{"aws:PrincipalArn":"x"}`)}, "set operator is unknown"},
		"decorated Null":     {flow{identity: allowWith(`"NullIfExists":{"aws:PrincipalArn":"true"}`)}, "Null takes neither"},
		"no number":          {flow{identity: allowWith(`"NumericEquals":{"aws:PrincipalAccount":"x"}`)}, "is not a number"},
		"no truth":           {flow{identity: allowWith(`"Bool":{"aws:PrincipalIsAWSService":"maybe"}`)}, "neither true nor false"},
		"no ARN":             {flow{identity: allowWith(`"ArnLike":{"aws:PrincipalArn":"app"}`)}, "is not an ARN"},
		"short ARN":          {flow{identity: `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:*"}`}, "is neither an ARN nor *"},
		"missing variable":   {flow{identity: `{"Effect":"Allow","Action":"s3:GetObject","Resource":"` + bucket + `/${aws:username}"}`}, "no value for the variable aws:username"},
		"variable in a deny": {flow{identity: allowGet + `,{"Effect":"Deny","Action":"*","Resource":"` + bucket + `/${aws:username}"}`}, "no value for the variable"},
		"NotPrincipal":       {flow{resource: `{"Effect":"Deny","NotPrincipal":{"AWS":"` + role + `"},"Action":"s3:*","Resource":"*"}`}, "NotPrincipal is not evaluated"},
		"federated":          {flow{resource: `{"Effect":"Allow","Principal":{"Federated":"x"},"Action":"s3:GetObject","Resource":"*"}`}, "kind Federated"},
		"wildcard principal": {flow{resource: `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + own + `:role/*"},"Action":"s3:GetObject","Resource":"*"}`}, "wildcards inside a principal"},
		"grant without whom": {flow{resource: allowGet}, "has principals: false, expected true"},
		"identity with whom": {flow{identity: grantRole}, "has principals: true, expected false"},
	} {
		t.Run(name, func(t *testing.T) {
			decision, err := c.f.decide(t)
			require.ErrorContains(t, err, c.want)
			assert.False(t, decision.Allowed)
		})
	}
	old := policy(t, "old", allowGet)
	old.Version = "2008-10-17"
	_, err := evaluate.Decide(evaluate.Request{Action: "s3:GetObject", Resource: object}, evaluate.Policies{Identity: []evaluate.Policy{*old}})
	require.ErrorContains(t, err, `old: version "2008-10-17", expected 2012-10-17`)
}

func TestDecisionsNamePolicyAndStatement(t *testing.T) {
	named := `{"Sid":"Look","Effect":"Allow","Action":"s3:GetObject","Resource":"*"}`
	decision, err := flow{identity: named}.decide(t)
	require.NoError(t, err)
	assert.Equal(t, "allowed by identity, Look", decision.String())
	decision, err = flow{identity: named, boundary: allowPut}.decide(t)
	require.NoError(t, err)
	assert.Equal(t, "not allowed: identity, Look allows it, the permission boundary does not", decision.String())
	decision, err = flow{identity: named, boundary: denyGet}.decide(t)
	require.NoError(t, err)
	assert.Equal(t, "refused by boundary, statement 0", decision.String())
}
