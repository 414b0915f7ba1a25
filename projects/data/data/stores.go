package data

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
)

// StoresArgs describes one colour's data stores.
type StoresArgs struct {
	Names  naming.Namer
	Color  naming.Color
	Config Config
	// Services are the names of the services that use the database.
	Services []string
	// Network is the colour's own, Peer the other colour's.
	Network, Peer contract.Network
	// Zones are the availability zones, in the order of the subnets.
	Zones      pulumi.StringArrayOutput
	Principals contract.Principals
	// AccessLogsBucket takes the request logs of the buckets.
	AccessLogsBucket pulumi.StringInput
}

// Validate joins all that is wrong with the arguments.
func (a *StoresArgs) Validate() error {
	var problems []error
	if a.Color != naming.Blue && a.Color != naming.Green {
		problems = append(problems, fmt.Errorf("colour %q: expected one of %v", a.Color, naming.Colors()))
	}
	if len(a.Services) == 0 {
		problems = append(problems, errors.New("services: none, expected the catalogue's"))
	}
	if a.Config.Environment.AccountID == "" {
		problems = append(problems, errors.New("account id: is empty, expected 12 digits"))
	}
	if n := a.Config.Database.Instances; n < minInstances || n > maxInstances {
		problems = append(problems, fmt.Errorf("database instances: got %d, expected %d to %d", n, minInstances, maxInstances))
	}
	return errors.Join(problems...)
}

// Stores are one colour's data stores.
type Stores struct {
	pulumi.ResourceState

	SecurityGroupID pulumi.StringOutput
	Bucket          pulumi.StringOutput
	Database        *Cluster
}

// NewStores makes one colour's database and bucket.
func NewStores(ctx *pulumi.Context, name string, args *StoresArgs, opts ...pulumi.ResourceOption) (*Stores, error) {
	if err := args.Validate(); err != nil {
		return nil, fmt.Errorf("stores of %s: %w", name, err)
	}
	s := &Stores{}
	if err := ctx.RegisterComponentResource("cutover:data:Stores", name, s, opts...); err != nil {
		return nil, fmt.Errorf("register stores of %s: %w", name, err)
	}
	for _, step := range []func(*pulumi.Context, string, *StoresArgs) error{
		s.addAccess, s.addDatabase, s.addBucket,
	} {
		if err := step(ctx, name, args); err != nil {
			return nil, fmt.Errorf("stores of %s: %w", name, err)
		}
	}
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{"clusterId": s.Database.ID, "bucket": s.Bucket})
}

// outputs is what the contract promises of this colour.
func (s *Stores) outputs() contract.Stores {
	return contract.Stores{
		ClusterID:             s.Database.ID,
		ClusterResourceID:     s.Database.ResourceID,
		WriterEndpoint:        s.Database.Writer,
		ReaderEndpoint:        s.Database.Reader,
		Port:                  pulumi.Int(catalog.DatabasePort).ToIntOutput(),
		DatabaseName:          pulumi.String(databaseName).ToStringOutput(),
		MasterSecretARN:       s.Database.MasterSecretARN,
		SecurityGroupID:       s.SecurityGroupID,
		TransactionLogsBucket: s.Bucket,
	}
}
