package security

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/iamdoc"
)

// Zone is the purpose of the key that signs the public zone. It is the account's
// own: the zone outlives either colour.
const Zone Purpose = "zone"

// zoneSigner signs zones (Route 53 developer guide, "Working with customer managed
// keys for DNSSEC").
const zoneSigner = "dnssec-route53.amazonaws.com"

// zoneProving says what the key is made of: Route 53 takes no other kind (Route 53 API
// reference, CreateKeySigningKey).
func zoneProving() *proving {
	return &proving{description: "Signs the keys of the public zone", spec: "ECC_NIST_P256", usage: "SIGN_VERIFY"}
}

// addZoneKey makes the key that the edge layer signs the public zone with. Route 53
// takes keys of us-east-1 alone, where this layer is.
func (s *Shared) addZoneKey(ctx *pulumi.Context, name string, args *SharedArgs) (err error) {
	s.ZoneKeyARN, err = makeKey(ctx, name, Zone, keyArgs{
		names: args.Names, environment: args.Environment, proves: zoneProving(), policy: zoneKeyPolicy(args.Environment.AccountID),
	}, pulumi.Parent(s))
	return err
}

// zoneKeyPolicy lets Route 53 sign for zones of this account. The zone does not
// exist yet, so the source is any zone of the account. Route 53 works with a grant
// that it makes for itself, and tells of no source when it does; nobody else can
// sign, administrators neither.
func zoneKeyPolicy(accountID string) iamdoc.Document {
	service := iamdoc.Principals{Services: []string{zoneSigner}}
	return iamdoc.Document{Statements: []iamdoc.Statement{
		{Sid: "Administration", Principals: root(accountID), Actions: administration(), Resources: thisKey()},
		{
			Sid: "SignZones", Principals: service, Resources: thisKey(),
			Actions: []string{"kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"},
			Conditions: iamdoc.Conditions{
				"StringEquals": {"aws:SourceAccount": {accountID}},
				"ArnLike":      {"aws:SourceArn": {"arn:aws:route53:::hostedzone/*"}},
			},
		},
		{
			Sid: "GrantsOfZones", Principals: service, Actions: []string{"kms:CreateGrant"}, Resources: thisKey(),
			Conditions: iamdoc.Conditions{"Bool": {"kms:GrantIsForAWSResource": {"true"}}},
		},
	}}
}
