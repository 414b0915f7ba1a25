package evaluate_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/policy/evaluate"
)

func allowWith(condition string) string {
	return `{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{` + condition + `}}`
}

// The cases are those of the IAM user guide, "IAM JSON policy elements: Condition
// operators", "Conditions with multiple context keys or values" and "Set
// operators for multivalued context keys".
func TestConditionsHoldAsAWSDescribes(t *testing.T) {
	type context = map[string][]string
	for name, c := range map[string]struct {
		condition string
		context   context
		want      bool
	}{
		"equal":                         {`"StringEquals":{"aws:PrincipalTag/job":"iam"}`, context{"aws:PrincipalTag/job": {"iam"}}, true},
		"equal, key in other letters":   {`"StringEquals":{"AWS:principaltag/JOB":"iam"}`, context{"aws:PrincipalTag/job": {"iam"}}, true},
		"equal, value in other letters": {`"StringEquals":{"aws:PrincipalTag/job":"IAM"}`, context{"aws:PrincipalTag/job": {"iam"}}, false},
		"equal, ignoring letters":       {`"StringEqualsIgnoreCase":{"aws:PrincipalTag/job":"IAM"}`, context{"aws:PrincipalTag/job": {"iam"}}, true},
		"not equal, ignoring letters":   {`"StringNotEqualsIgnoreCase":{"aws:PrincipalTag/job":"IAM"}`, context{"aws:PrincipalTag/job": {"iam"}}, false},
		"equal takes no wildcard":       {`"StringEquals":{"aws:PrincipalTag/job":"i*"}`, context{"aws:PrincipalTag/job": {"iam"}}, false},
		"like takes wildcards":          {`"StringLike":{"aws:PrincipalTag/job":"i?m*"}`, context{"aws:PrincipalTag/job": {"iam-user"}}, true},
		"not like":                      {`"StringNotLike":{"aws:PrincipalTag/job":"i*"}`, context{"aws:PrincipalTag/job": {"iam"}}, false},
		"one of several values":         {`"StringEquals":{"aws:PrincipalTag/job":["x","iam"]}`, context{"aws:PrincipalTag/job": {"iam"}}, true},
		"none of several values":        {`"StringNotEquals":{"aws:PrincipalTag/job":["x","iam"]}`, context{"aws:PrincipalTag/job": {"iam"}}, false},
		"none of several, another":      {`"StringNotEquals":{"aws:PrincipalTag/job":["x","y"]}`, context{"aws:PrincipalTag/job": {"iam"}}, true},
		"two keys, both hold":           {`"StringEquals":{"a:x":"1","a:y":"2"}`, context{"a:x": {"1"}, "a:y": {"2"}}, true},
		"two keys, one holds":           {`"StringEquals":{"a:x":"1","a:y":"2"}`, context{"a:x": {"1"}, "a:y": {"3"}}, false},
		"two operators, one holds":      {`"StringEquals":{"a:x":"1"},"Bool":{"a:b":"true"}`, context{"a:x": {"1"}, "a:b": {"false"}}, false},

		"absent, positive":              {`"StringEquals":{"a:x":"1"}`, nil, false},
		"absent, negated":               {`"StringNotEquals":{"a:x":"1"}`, nil, true},
		"absent, positive if exists":    {`"StringEqualsIfExists":{"a:x":"1"}`, nil, true},
		"present, positive if exists":   {`"StringEqualsIfExists":{"a:x":"1"}`, context{"a:x": {"2"}}, false},
		"present, negated if exists":    {`"StringNotEqualsIfExists":{"a:x":"1"}`, context{"a:x": {"1"}}, false},
		"absent factor":                 {`"Bool":{"aws:MultiFactorAuthPresent":"true"}`, nil, false},
		"absent factor if exists":       {`"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}`, nil, true},
		"absent factor is not false":    {`"Bool":{"aws:MultiFactorAuthPresent":"false"}`, nil, false},
		"absent age":                    {`"NumericLessThan":{"aws:MultiFactorAuthAge":"900"}`, nil, false},
		"Null true, absent":             {`"Null":{"a:x":"true"}`, nil, true},
		"Null true, present":            {`"Null":{"a:x":"true"}`, context{"a:x": {"1"}}, false},
		"Null false, present":           {`"Null":{"a:x":"false"}`, context{"a:x": {"1"}}, true},
		"Null false, absent":            {`"Null":{"a:x":"false"}`, nil, false},
		"Null false, empty":             {`"Null":{"a:x":"false"}`, context{"a:x": {}}, false},
		"all values, each is wanted":    {`"ForAllValues:StringEquals":{"a:x":["1","2","3"]}`, context{"a:x": {"1", "2"}}, true},
		"all values, one is not wanted": {`"ForAllValues:StringEquals":{"a:x":["1","2"]}`, context{"a:x": {"1", "9"}}, false},
		"all values, absent":            {`"ForAllValues:StringEquals":{"a:x":["1"]}`, nil, true},
		"all values but, none there":    {`"ForAllValues:StringNotEquals":{"a:x":["1"]}`, context{"a:x": {"2", "3"}}, true},
		"all values but, one there":     {`"ForAllValues:StringNotEquals":{"a:x":["1"]}`, context{"a:x": {"2", "1"}}, false},
		"any value, one is wanted":      {`"ForAnyValue:StringEquals":{"a:x":["1"]}`, context{"a:x": {"9", "1"}}, true},
		"any value, none is wanted":     {`"ForAnyValue:StringEquals":{"a:x":["1"]}`, context{"a:x": {"9", "8"}}, false},
		"any value, absent":             {`"ForAnyValue:StringEquals":{"a:x":["1"]}`, nil, false},
		"any value but":                 {`"ForAnyValue:StringNotEquals":{"a:x":["1"]}`, context{"a:x": {"1", "2"}}, true},
		"any value like":                {`"ForAnyValue:StringLike":{"a:x":["alias/c*"]}`, context{"a:x": {"alias/cutover"}}, true},

		"less":             {`"NumericLessThan":{"s3:TlsVersion":"1.2"}`, context{"s3:TlsVersion": {"1.1"}}, true},
		"less, equal":      {`"NumericLessThan":{"s3:TlsVersion":"1.2"}`, context{"s3:TlsVersion": {"1.2"}}, false},
		"less or equal":    {`"NumericLessThanEquals":{"a:n":"10"}`, context{"a:n": {"10"}}, true},
		"more":             {`"NumericGreaterThan":{"a:n":"9"}`, context{"a:n": {"10"}}, true},
		"more or equal":    {`"NumericGreaterThanEquals":{"a:n":11}`, context{"a:n": {"10"}}, false},
		"number":           {`"NumericEquals":{"a:n":"10"}`, context{"a:n": {"10.0"}}, true},
		"not the number":   {`"NumericNotEquals":{"a:n":"10"}`, context{"a:n": {"10"}}, false},
		"before":           {`"DateLessThan":{"aws:CurrentTime":"2026-06-30T00:00:00Z"}`, context{"aws:CurrentTime": {"2026-01-01T00:00:00Z"}}, true},
		"after":            {`"DateGreaterThan":{"aws:CurrentTime":"2026-06-30"}`, context{"aws:CurrentTime": {"2026-01-01T00:00:00Z"}}, false},
		"at":               {`"DateEquals":{"aws:EpochTime":"0"}`, context{"aws:EpochTime": {"1970-01-01T00:00:00Z"}}, true},
		"not at":           {`"DateNotEquals":{"aws:EpochTime":"0"}`, context{"aws:EpochTime": {"0"}}, false},
		"until":            {`"DateLessThanEquals":{"aws:EpochTime":"5"}`, context{"aws:EpochTime": {"5"}}, true},
		"from":             {`"DateGreaterThanEquals":{"aws:EpochTime":"5"}`, context{"aws:EpochTime": {"4"}}, false},
		"plain transport":  {`"Bool":{"aws:SecureTransport":"false"}`, context{"aws:SecureTransport": {"false"}}, true},
		"truth unquoted":   {`"Bool":{"aws:SecureTransport":true}`, context{"aws:SecureTransport": {"True"}}, true},
		"network":          {`"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}`, context{"aws:SourceIp": {"10.1.2.3"}}, true},
		"address":          {`"IpAddress":{"aws:SourceIp":"10.1.2.3"}`, context{"aws:SourceIp": {"10.1.2.4"}}, false},
		"other network":    {`"NotIpAddress":{"aws:SourceIp":["10.0.0.0/8","192.168.0.0/16"]}`, context{"aws:SourceIp": {"203.0.113.9"}}, true},
		"ARN":              {`"ArnEquals":{"aws:SourceArn":"arn:aws:s3:::box"}`, context{"aws:SourceArn": {"arn:aws:s3:::box"}}, true},
		"ARN pattern":      {`"ArnLike":{"aws:SourceArn":"arn:aws:logs:*:*:log-group:*"}`, context{"aws:SourceArn": {"arn:aws:logs:us-east-1:1:log-group:/a:b"}}, true},
		"ARN equals too":   {`"ArnEquals":{"aws:SourceArn":"arn:aws:s3:::b*"}`, context{"aws:SourceArn": {"arn:aws:s3:::box"}}, true},
		"ARN part by part": {`"ArnLike":{"aws:SourceArn":"arn:aws:s3:*::"}`, context{"aws:SourceArn": {"arn:aws:s3:::box"}}, false},
		"not the ARN":      {`"ArnNotEquals":{"aws:SourceArn":"arn:aws:s3:::box"}`, context{"aws:SourceArn": {"arn:aws:s3:::box"}}, false},
		"not like the ARN": {`"ArnNotLike":{"aws:SourceArn":"arn:aws:s3:::c*"}`, nil, true},

		"variable":                    {`"StringEquals":{"a:x":"${aws:PrincipalTag/job}"}`, context{"a:x": {"iam"}, "aws:PrincipalTag/job": {"iam"}}, true},
		"variable with a default":     {`"StringEquals":{"a:x":"${aws:PrincipalTag/job, 'none'}"}`, context{"a:x": {"none"}}, true},
		"variable, default not taken": {`"StringEquals":{"a:x":"${aws:PrincipalTag/job, 'none'}"}`, context{"a:x": {"none"}, "aws:PrincipalTag/job": {"iam"}}, false},
		"variable with a star":        {`"StringLike":{"a:x":"${aws:PrincipalTag/job}"}`, context{"a:x": {"iam"}, "aws:PrincipalTag/job": {"i*"}}, false},
		"variable that is missing":    {`"StringEquals":{"a:x":["${aws:username}","b"]}`, context{"a:x": {"a"}}, false},
		"literal star":                {`"StringLike":{"a:x":"a${*}"}`, context{"a:x": {"ab"}}, false},
		"literal star matches itself": {`"StringLike":{"a:x":"a${*}"}`, context{"a:x": {"a*"}}, true},
		"no variables in numbers":     {`"NumericEquals":{"a:n":"1"}`, context{"a:n": {"1"}}, true},

		"the caller":           {`"ArnLike":{"aws:PrincipalArn":"` + role + `"}`, nil, true},
		"the caller's account": {`"StringEquals":{"aws:PrincipalAccount":"` + own + `","aws:ResourceAccount":"` + own + `"}`, nil, true},
		"no service":           {`"Bool":{"aws:PrincipalIsAWSService":"true"}`, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			request := evaluate.Request{
				Principal: evaluate.Principal{ARN: role}, Action: "s3:GetObject", Resource: object, Account: own, Context: c.context,
			}
			decision, err := evaluate.Decide(request, evaluate.Policies{Identity: []evaluate.Policy{*policy(t, "identity", allowWith(c.condition))}})
			require.NoError(t, err)
			assert.Equal(t, c.want, decision.Allowed, decision)
		})
	}
}

// Where it matters whether AWS takes a value with a missing variable away or the whole
// statement, the answer is not known.
func TestAMissingVariableThatDecidesIsAnError(t *testing.T) {
	for _, condition := range []string{
		`"StringNotEquals":{"a:x":"${aws:username}"}`, `"StringEquals":{"a:x":["${aws:username}","1"]}`,
	} {
		request := evaluate.Request{
			Principal: evaluate.Principal{ARN: role}, Action: "s3:GetObject", Resource: object, Account: own, Context: map[string][]string{"a:x": {"1"}},
		}
		_, err := evaluate.Decide(request, evaluate.Policies{Identity: []evaluate.Policy{*policy(t, "identity", allowWith(condition))}})
		require.ErrorContains(t, err, "no value for the variable aws:username", condition)
	}
}

func TestSeveralValuesNeedASetOperator(t *testing.T) {
	request := evaluate.Request{
		Principal: evaluate.Principal{ARN: role}, Action: "s3:GetObject", Resource: object, Account: own,
		Context: map[string][]string{"a:x": {"1", "2"}},
	}
	_, err := evaluate.Decide(request, evaluate.Policies{Identity: []evaluate.Policy{*policy(t, "identity", allowWith(`"StringEquals":{"a:x":"1"}`))}})
	require.ErrorContains(t, err, "the request has 2 values, the operator compares one")
}
