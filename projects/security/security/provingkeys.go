package security

import (
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

// The purposes of the keys that encrypt nothing: what they make proves something.
const (
	Signatures Purpose = "proof-signatures" // signatures of the proofs of switches
	Hashes     Purpose = "proof-hashes"     // keyed hashes in them
)

// ProvingPurposes lists the keys that encrypt nothing.
func ProvingPurposes() []Purpose { return []Purpose{Signatures, Hashes} }

// proving is how a key is used that encrypts nothing. KMS rotates no such key: who
// checks an old signature needs the key that made it (AWS KMS developer guide,
// "Rotating AWS KMS keys").
type proving struct {
	description string
	// spec and usage are KMS's names (AWS KMS developer guide, "Key spec reference").
	spec, usage string
	// actions are narrowed to algorithm; read needs none.
	actions   []string
	algorithm iamdoc.Conditions
	read      []string
	// users are the kinds of functions of either colour that use it.
	users []string
	// readers are the kinds of roles of neither colour that know the key, too.
	readers []string
}

// provings are by purpose. A record of a switch is longer than the 4,096 bytes that
// KMS signs, so its digest is signed.
var provings = map[Purpose]*proving{
	Signatures: {
		description: "Signs the proofs of switches", spec: "ECC_NIST_P256", usage: "SIGN_VERIFY",
		users:   []string{switching, closing},
		actions: []string{"kms:Sign", "kms:Verify"}, read: []string{"kms:DescribeKey", "kms:GetPublicKey"}, readers: []string{audit, operator},
		algorithm: iamdoc.Conditions{"StringEquals": {"kms:MessageType": {"DIGEST"}, "kms:SigningAlgorithm": {"ECDSA_SHA_256"}}},
	},
	Hashes: {
		description: "Makes the keyed hashes in the proofs of switches", spec: "HMAC_256", usage: "GENERATE_VERIFY_MAC",
		users:   []string{switching},
		actions: []string{"kms:GenerateMac"}, read: []string{"kms:DescribeKey"},
		algorithm: iamdoc.Conditions{"StringEquals": {"kms:MacAlgorithm": {"HMAC_SHA_256"}}},
	},
}

// fill turns the arguments of a key that encrypts into those of one that proves.
func (p *proving) fill(args *kms.KeyArgs, alias string) {
	args.Description = pulumi.String(p.description + " (" + alias + ")")
	args.CustomerMasterKeySpec, args.KeyUsage = pulumi.String(p.spec), pulumi.String(p.usage)
	args.EnableKeyRotation, args.RotationPeriodInDays = nil, nil
}

// policy leaves administration to the account, and use to the functions that prove
// something, of either colour. Auditors and operators get the public key, with
// which a proof is checked anywhere.
func (p *proving) policy(roles roster) iamdoc.Document {
	var users []string
	for _, color := range naming.Colors() {
		for _, kind := range p.users {
			users = append(users, roles.of(color, kind)...)
		}
	}
	narrowed := map[string][]string{"aws:PrincipalArn": users, "kms:CallerAccount": {roles.accountID}}
	maps.Copy(narrowed, p.algorithm["StringEquals"])
	knowing := slices.Clone(users)
	for _, kind := range p.readers {
		knowing = append(knowing, roles.arn(roles.names, kind))
	}
	return iamdoc.Document{Statements: []iamdoc.Statement{
		{Sid: "Administration", Principals: root(roles.accountID), Actions: administration(), Resources: thisKey()},
		{
			Sid: "Prove", Principals: root(roles.accountID), Actions: p.actions, Resources: thisKey(),
			Conditions: iamdoc.Conditions{"StringEquals": narrowed},
		},
		{
			Sid: "Know", Principals: root(roles.accountID), Actions: p.read, Resources: thisKey(),
			Conditions: iamdoc.Conditions{"StringEquals": {"aws:PrincipalArn": knowing, "kms:CallerAccount": {roles.accountID}}},
		},
	}}
}

// newProvingKey makes the key of one purpose.
func newProvingKey(ctx *pulumi.Context, name string, purpose Purpose, environment config.Environment, roles roster, opts ...pulumi.ResourceOption) (pulumi.StringOutput, error) {
	how := provings[purpose]
	return makeKey(ctx, name, purpose, keyArgs{
		names: roles.names, environment: environment, roles: roles, policy: how.policy(roles), proves: how,
	}, opts...)
}
