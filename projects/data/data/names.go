package data

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/naming"
)

// The names of a cluster's endpoints in the private zone.
const (
	writerLabel = "writer"
	readerLabel = "reader"
)

// nameSeconds is how long an answer may be kept: as long as one of the endpoints
// themselves, so that a name is not behind after a failover (Aurora user guide,
// "Fast failover with Amazon Aurora PostgreSQL").
const nameSeconds = 5

// endpointName is the name of a colour's endpoint, such as
// writer.blue.prod.cutover.internal.
func (c Config) endpointName(label string, color naming.Color) string {
	return label + "." + string(color) + "." + c.PrivateDomain
}

// addNames makes the names of the colour's endpoints. They are this colour's for
// ever: none follows the authority to write, which the control table alone gives.
func (s *Stores) addNames(ctx *pulumi.Context, name string, args *StoresArgs) error {
	for _, each := range []struct {
		label    string
		endpoint pulumi.StringOutput
	}{{writerLabel, s.Database.Writer}, {readerLabel, s.Database.Reader}} {
		full := args.Config.endpointName(each.label, args.Color)
		if _, err := route53.NewRecord(ctx, name+"-"+each.label, &route53.RecordArgs{
			ZoneId:  args.PrivateZoneID,
			Name:    pulumi.String(full),
			Type:    pulumi.String(route53.RecordTypeCNAME),
			Ttl:     pulumi.Int(nameSeconds),
			Records: pulumi.StringArray{each.endpoint},
		}, pulumi.Parent(s)); err != nil {
			return fmt.Errorf("name %s: %w", full, err)
		}
	}
	s.WriterName, s.ReaderName = args.Config.endpointName(writerLabel, args.Color), args.Config.endpointName(readerLabel, args.Color)
	return nil
}
