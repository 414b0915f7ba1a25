package edge

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/cutover/cutover/shared/verify"
)

// What GetDNSSEC says of zones and keys that work (Route 53 API reference,
// DNSSECStatus and KeySigningKey).
const (
	signing   = "SIGNING"
	keyActive = "ACTIVE"
)

// checkSignatures expects Route 53 to sign the zone where the stack file says that it
// is signed. Whether the parent domain publishes the record it cannot know.
func (v *verifier) checkSignatures(ctx context.Context, zone *string) error {
	f := verify.About("signatures of %s", v.cfg.Domain)
	told, err := v.dns.GetDNSSEC(ctx, &route53.GetDNSSECInput{HostedZoneId: zone})
	if err != nil {
		return f.Failed(err)
	}
	return v.judgeSignatures(f, told)
}

func (v *verifier) judgeSignatures(f *verify.Findings, told *route53.GetDNSSECOutput) error {
	if told.Status == nil {
		told.Status = &types.DNSSECStatus{}
	}
	serves := aws.ToString(told.Status.ServeSignature)
	if !v.cfg.Signed {
		f.Expect(v.cfg.ZoneID != nil || serves != signing, "exist while edge:signed is false, expected none: a zone is unsigned with care (docs/operations.md)")
		return f.Err()
	}
	f.Expect(serves == signing, "are not served: Route 53 says %s %s, expected %s", serves, aws.ToString(told.Status.StatusMessage), signing)
	if v.cfg.ZoneID != nil {
		return f.Err()
	}
	ours := slices.IndexFunc(told.KeySigningKeys, func(k types.KeySigningKey) bool { return aws.ToString(k.DSRecord) == v.Text("dsRecord") })
	if ours < 0 {
		f.Expect(false, "are made with none of the %d keys whose record for the parent is %q", len(told.KeySigningKeys), v.Text("dsRecord"))
		return f.Err()
	}
	key := told.KeySigningKeys[ours]
	f.Expect(aws.ToString(key.Status) == keyActive, "need the key %s, which is %s %s, expected %s",
		aws.ToString(key.Name), aws.ToString(key.Status), aws.ToString(key.StatusMessage), keyActive)
	return f.Err()
}
