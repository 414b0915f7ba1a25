package edge

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/naming"
)

// signingKeyName is the name of the zone's only key-signing key: letters, digits and
// underscores (Route 53 API reference, CreateKeySigningKey, Name).
func signingKeyName(args *ZoneArgs) string {
	return strings.ReplaceAll(args.Names.Name(naming.Generic, "zone"), "-", "_")
}

// sign signs the zone with the security layer's key. Resolvers verify the signatures
// only once the parent domain publishes DSRecord, which its owner does by hand.
// The zone is unsigned before its key goes, and the key goes before the zone; Route 53
// refuses to unsign one whose parent still publishes the record.
func (z *Zone) sign(ctx *pulumi.Context, name string, args *ZoneArgs) error {
	key, err := route53.NewKeySigningKey(ctx, name, &route53.KeySigningKeyArgs{
		Name:                    pulumi.String(signingKeyName(args)),
		HostedZoneId:            z.ID,
		KeyManagementServiceArn: args.SigningKeyARN,
		Status:                  pulumi.String("ACTIVE"),
	}, pulumi.Parent(z))
	if err != nil {
		return fmt.Errorf("key-signing key: %w", err)
	}
	if _, err := route53.NewHostedZoneDnsSec(ctx, name, &route53.HostedZoneDnsSecArgs{
		HostedZoneId:  key.HostedZoneId,
		SigningStatus: pulumi.String("SIGNING"),
	}, pulumi.Parent(z)); err != nil {
		return fmt.Errorf("signatures: %w", err)
	}
	z.DSRecord = key.DsRecord
	return nil
}
