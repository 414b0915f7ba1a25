package naming_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/cutover/cutover/shared/naming"
)

// charsets are the characters AWS takes per kind, as regular expressions over
// the whole name, from the API reference of each service.
var charsets = map[naming.Kind]string{
	naming.LoadBalancer:  `^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$`,
	naming.TargetGroup:   `^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$`,
	naming.SecurityGroup: `^[A-Za-z0-9 ._:/()#,@\[\]+=&;{}!$*-]+$`,
	naming.Role:          `^[A-Za-z0-9+=,.@_-]+$`,
	naming.Policy:        `^[A-Za-z0-9+=,.@_-]+$`,
	naming.KeyAlias:      `^[A-Za-z0-9/_-]+$`,
	naming.Bucket:        `^[a-z0-9][a-z0-9.-]*[a-z0-9]$`,
	naming.Table:         `^[A-Za-z0-9_.-]{3,}$`,
	naming.Cluster:       `^[a-z][a-z0-9-]*[a-z0-9]$`,
	naming.ECS:           `^[A-Za-z0-9_-]+$`,
	naming.Function:      `^[A-Za-z0-9_-]+$`,
	naming.Schedule:      `^[A-Za-z0-9_.-]+$`,
	naming.StateMachine:  `^[A-Za-z0-9_-]+$`,
	naming.Dashboard:     `^[A-Za-z0-9_-]+$`,
	naming.LogGroup:      `^[A-Za-z0-9_/.#-]+$`,
	naming.Parameter:     `^/[A-Za-z0-9_./-]+$`,
	naming.Queue:         `^[A-Za-z0-9_-]+$`,
	naming.Topic:         `^[A-Za-z0-9_-]+$`,
	naming.Trail:         `^[A-Za-z0-9][A-Za-z0-9._-]{1,126}[A-Za-z0-9]$`,
	naming.Stream:        `^[A-Za-z0-9_.-]+$`,
	naming.ConfigRule:    `^[A-Za-z0-9_-]+$`,
	naming.Pack:          `^[A-Za-z][-A-Za-z0-9]*$`,
	naming.Recorder:      `^[A-Za-z0-9_-]+$`,
	naming.Analyzer:      `^[A-Za-z][A-Za-z0-9_.-]*$`,
	naming.Firewall:      `^[A-Za-z0-9_-]+$`,
	naming.Alarm:         `^[A-Za-z0-9_.-]+$`,
	naming.Filter:        `^[^:*]+$`,
	naming.Query:         `^[A-Za-z0-9/_-]+$`,
	naming.EventRule:     `^[.A-Za-z0-9_-]+$`,
	naming.Secret:        `^[A-Za-z0-9/_+=.@-]+$`,
}

func draw(t *rapid.T) (naming.Namer, []string) {
	namer := naming.New(rapid.SampledFrom([]string{"local", "staging", "prod"}).Draw(t, "environment"))
	if rapid.Bool().Draw(t, "colored") {
		namer = namer.In(rapid.SampledFrom(naming.Colors()).Draw(t, "color"))
	}
	parts := rapid.SliceOfN(rapid.StringMatching(`[a-z]([a-z0-9-]{0,40}[a-z0-9])?`), 1, 4).Draw(t, "parts")
	return namer, parts
}

func TestNamesFitTheLimitsOfAWS(t *testing.T) {
	for kind, charset := range charsets {
		t.Run(kind.String(), func(t *testing.T) {
			valid := regexp.MustCompile(charset)
			rapid.Check(t, func(t *rapid.T) {
				namer, parts := draw(t)
				name := namer.Name(kind, parts...)
				assert.LessOrEqual(t, len(name), kind.Max())
				assert.Regexp(t, valid, name)
			})
		})
	}
}

func TestNamesAreStableAndDistinct(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		namer, parts := draw(t)
		other, otherParts := draw(t)
		for kind := range charsets {
			assert.Equal(t, namer.Name(kind, parts...), namer.Name(kind, parts...)) //nolint:testifylint // twice the same is what is asked
			whole, otherWhole := namer.Name(naming.Parameter, parts...), other.Name(naming.Parameter, otherParts...)
			if strings.ReplaceAll(whole, "/", "-") != strings.ReplaceAll(otherWhole, "/", "-") {
				assert.NotEqual(t, namer.Name(kind, parts...), other.Name(kind, otherParts...))
			}
		}
	})
}

func TestSecurityGroupNamesDoNotBeginLikeIds(t *testing.T) {
	assert.False(t, strings.HasPrefix(naming.New("prod").Name(naming.SecurityGroup, "sg"), "sg-"))
}

func TestLoadBalancerNamesDoNotBeginLikeInternalOnes(t *testing.T) {
	assert.False(t, strings.HasPrefix(naming.New("prod").Name(naming.LoadBalancer, "x"), "internal-"))
}

func TestLongNamesOfOneColourStayApart(t *testing.T) {
	blue := naming.New("staging").In(naming.Blue).Name(naming.TargetGroup, "transaction-processor")
	green := naming.New("staging").In(naming.Green).Name(naming.TargetGroup, "transaction-processor")
	assert.NotEqual(t, blue, green)
	assert.Contains(t, blue, "cutover-staging-blue")
}

func TestOtherColour(t *testing.T) {
	assert.Equal(t, naming.Green, naming.Blue.Other())
	assert.Equal(t, naming.Blue, naming.Green.Other())
}
