package edge

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/acm"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/naming"
)

const (
	// keyAlgorithm is what every client of the platform can verify.
	keyAlgorithm = "RSA_2048"
	// validationTTL is in seconds; ACM reads the records again at each renewal.
	validationTTL = 300
)

// CertificateArgs describes the certificate of the public names.
type CertificateArgs struct {
	Names  naming.Namer
	ZoneID pulumi.StringInput
	// Name is the public name, Aliases the further names to cover.
	Name    string
	Aliases []string
	// ExistingARN is the certificate to use; nil orders one.
	ExistingARN *string
}

// Validate joins all that is wrong with the arguments.
func (a *CertificateArgs) Validate() error {
	var problems []error
	if a.Name == "" {
		problems = append(problems, errors.New("certificate name: is empty, expected the public name"))
	}
	if a.ZoneID == nil {
		problems = append(problems, errors.New("certificate zone: is missing, expected the id of a zone"))
	}
	return errors.Join(problems...)
}

// Certificate proves the public names to clients. Its private key never leaves
// ACM.
type Certificate struct {
	pulumi.ResourceState

	// ARN is known once ACM has issued the certificate.
	ARN pulumi.StringOutput
}

// NewCertificate orders a certificate and waits until it is issued, or takes the
// one that was given.
func NewCertificate(ctx *pulumi.Context, name string, args *CertificateArgs, opts ...pulumi.ResourceOption) (*Certificate, error) {
	if err := args.Validate(); err != nil {
		return nil, err
	}
	c := &Certificate{}
	if err := ctx.RegisterComponentResource("cutover:edge:Certificate", name, c, opts...); err != nil {
		return nil, fmt.Errorf("register certificate of %s: %w", args.Name, err)
	}
	if args.ExistingARN != nil {
		c.ARN = pulumi.String(*args.ExistingARN).ToStringOutput()
	} else if err := c.order(ctx, name, args); err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", args.Name, err)
	}
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{"arn": c.ARN})
}

func (c *Certificate) order(ctx *pulumi.Context, name string, args *CertificateArgs) error {
	ordered, err := acm.NewCertificate(ctx, name, &acm.CertificateArgs{
		DomainName:              pulumi.String(args.Name),
		SubjectAlternativeNames: pulumi.ToStringArray(args.Aliases),
		ValidationMethod:        pulumi.String("DNS"),
		KeyAlgorithm:            pulumi.String(keyAlgorithm),
		Tags:                    nameTag(args.Names, "public"),
	}, pulumi.Parent(c))
	if err != nil {
		return fmt.Errorf("order it: %w", err)
	}
	var proofs pulumi.StringArray
	for _, host := range append([]string{args.Name}, args.Aliases...) {
		record, err := c.prove(ctx, name, args, ordered, host)
		if err != nil {
			return err
		}
		proofs = append(proofs, record.Fqdn)
	}
	issued, err := acm.NewCertificateValidation(ctx, name, &acm.CertificateValidationArgs{
		CertificateArn:        ordered.Arn,
		ValidationRecordFqdns: proofs,
	}, pulumi.Parent(c))
	if err != nil {
		return fmt.Errorf("wait for it: %w", err)
	}
	c.ARN = issued.CertificateArn
	return nil
}

// prove makes the record by which ACM sees that host is ours.
func (c *Certificate) prove(ctx *pulumi.Context, name string, args *CertificateArgs, ordered *acm.Certificate, host string) (*route53.Record, error) {
	field := func(of func(acm.CertificateDomainValidationOption) *string) pulumi.StringOutput {
		return ordered.DomainValidationOptions.ApplyT(func(options []acm.CertificateDomainValidationOption) (string, error) {
			return proofOf(options, host, of)
		}).(pulumi.StringOutput)
	}
	record, err := route53.NewRecord(ctx, name+"-"+host, &route53.RecordArgs{
		ZoneId:  args.ZoneID,
		Name:    field(func(o acm.CertificateDomainValidationOption) *string { return o.ResourceRecordName }),
		Type:    field(func(o acm.CertificateDomainValidationOption) *string { return o.ResourceRecordType }),
		Records: pulumi.StringArray{field(func(o acm.CertificateDomainValidationOption) *string { return o.ResourceRecordValue })},
		Ttl:     pulumi.Int(validationTTL),
	}, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("proof of %s: %w", host, err)
	}
	return record, nil
}

// proofOf finds one field of what ACM wants to see for host. The options come
// in no particular order. The dot that ends a name is not part of what Route 53
// gives back.
func proofOf(options []acm.CertificateDomainValidationOption, host string, of func(acm.CertificateDomainValidationOption) *string) (string, error) {
	for _, option := range options {
		if option.DomainName == nil || *option.DomainName != host {
			continue
		}
		if value := of(option); value != nil && *value != "" {
			return strings.TrimSuffix(*value, "."), nil
		}
	}
	return "", fmt.Errorf("certificate: ACM asks for no proof of %q: expected one for each name of the certificate", host)
}
