package security

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/iamdoc"
)

// Access says who from outside the account may take which role. Every role has
// accounts and an external id of its own: who may look need not be who may
// change.
type Access struct {
	// Deploy is for the pipeline that deploys every layer but this one.
	Deploy Deployers `config:"deploy"`
	// Audit is for those who read configuration and evidence, and no data.
	Audit People `config:"audit"`
	// Operator is for those who move traffic and data.
	Operator People `config:"operator"`
}

// Deployers are machines; they have no second factor.
type Deployers struct {
	// AccountIDs are the accounts of the pipeline, 12 digits each.
	AccountIDs []string `config:"accountIds"`
	// ExternalID is an identifier that requests have to name, not a secret.
	ExternalID string `config:"externalId"`
	// SessionHours is the longest session, 1 to 12. A session that begins from
	// another role's ends after one hour all the same (IAM user guide, "Role
	// chaining").
	SessionHours int `config:"sessionHours"`
	// StateKeyARN is the key that encrypts secrets in Pulumi's state. It is there
	// if and only if environment.secretsProvider is a KMS URL.
	StateKeyARN *string `config:"stateKeyArn"`
}

// People come with a second factor.
type People struct {
	AccountIDs   []string `config:"accountIds"`
	ExternalID   string   `config:"externalId"`
	SessionHours int      `config:"sessionHours"`
	// MFAMinutes is how long ago the second factor may have been given, 1 to 720.
	MFAMinutes int `config:"mfaMinutes"`
}

func (d Deployers) outsiders() iamdoc.Outsiders {
	return iamdoc.Outsiders{AccountIDs: d.AccountIDs, ExternalID: d.ExternalID}
}

func (p People) outsiders() iamdoc.Outsiders {
	return iamdoc.Outsiders{
		AccountIDs: p.AccountIDs, ExternalID: p.ExternalID, MFAWithin: time.Duration(p.MFAMinutes) * time.Minute,
	}
}

// named are people whose sessions bear the name of their user: two sessions of two
// names are two people, which two operators' decision rests on.
func (p People) named() iamdoc.Outsiders {
	from := p.outsiders()
	from.Named = true
	return from
}

const (
	maxSessionHours = 12
	maxMFAMinutes   = 720
	kmsProvider     = "awskms://"
)

var (
	accountPattern = regexp.MustCompile(`^[0-9]{12}$`)
	// externalIDPattern is what STS takes (AWS STS API reference, AssumeRole), but
	// from eight characters on.
	externalIDPattern = regexp.MustCompile(`^[A-Za-z0-9_+=,.@:/-]{8,128}$`)
	keyARNPattern     = regexp.MustCompile(`^arn:aws:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$`)
)

// validate checks every value and that no two roles share an external id.
func (a Access) validate(p *config.Problems, env config.Environment) {
	trusted := []struct {
		key      string
		accounts []string
		external string
		hours    int
	}{
		{deploy, a.Deploy.AccountIDs, a.Deploy.ExternalID, a.Deploy.SessionHours},
		{audit, a.Audit.AccountIDs, a.Audit.ExternalID, a.Audit.SessionHours},
		{operator, a.Operator.AccountIDs, a.Operator.ExternalID, a.Operator.SessionHours},
	}
	seen := make(map[string]string)
	for _, t := range trusted {
		key := "access." + t.key
		checkAccounts(p, key+".accountIds", t.accounts, env.AccountID)
		p.Check(externalIDPattern.MatchString(t.external), key+".externalId", t.external,
			"an external id of 8 to 128 letters, digits or characters of _+=,.@:/-")
		if other, taken := seen[t.external]; taken {
			p.Add(key+".externalId", t.external, "another external id than that of access."+other)
		}
		seen[t.external] = t.key
		p.Check(t.hours >= 1 && t.hours <= maxSessionHours, key+".sessionHours", t.hours, fmt.Sprintf("1 to %d", maxSessionHours))
	}
	for key, people := range map[string]People{audit: a.Audit, operator: a.Operator} {
		p.Check(people.MFAMinutes >= 1 && people.MFAMinutes <= maxMFAMinutes, "access."+key+".mfaMinutes", people.MFAMinutes,
			fmt.Sprintf("1 to %d", maxMFAMinutes))
	}
	a.Deploy.validateStateKey(p, env)
}

func checkAccounts(p *config.Problems, key string, accounts []string, own string) {
	if len(accounts) == 0 {
		p.Add(key, nil, "at least one account that may take the role, 12 digits each, quoted")
	}
	for i, id := range accounts {
		at := fmt.Sprintf("%s[%d]", key, i)
		p.Check(accountPattern.MatchString(id), at, id, "an AWS account id of 12 digits, quoted")
		p.Check(id != own, at, id, "another account than the environment's own")
		p.Check(!slices.Contains(accounts[:i], id), at, id, "each account once")
	}
}

func (d Deployers) validateStateKey(p *config.Problems, env config.Environment) {
	const key = "access.deploy.stateKeyArn"
	encrypted := strings.HasPrefix(env.SecretsProvider, kmsProvider)
	switch {
	case encrypted && d.StateKeyARN == nil:
		p.Add(key, nil, "the ARN of the key behind environment.secretsProvider "+env.SecretsProvider)
	case !encrypted && d.StateKeyARN != nil:
		p.Add(key, *d.StateKeyARN, "nothing: environment.secretsProvider is "+env.SecretsProvider)
	case encrypted:
		p.Check(keyARNPattern.MatchString(*d.StateKeyARN), key, *d.StateKeyARN, "the ARN of a key, not of an alias")
	}
}
