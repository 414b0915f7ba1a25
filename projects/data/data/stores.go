package data

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/tables"
)

// StoresArgs describes one colour's data stores.
type StoresArgs struct {
	Names  naming.Namer
	Color  naming.Color
	Config Config
	// Services are those that use the stores.
	Services []catalog.Service
	// Network is the colour's own, Peer the other colour's.
	Network, Peer contract.Network
	// Zones are the availability zones, in the order of the subnets.
	Zones pulumi.StringArrayOutput
	// PeerNames makes the other colour's names.
	PeerNames naming.Namer
	// PeerStores are the other colour's, where they are made before; nil where not.
	PeerStores *Stores
	// Principals are the colour's own, PeerPrincipals the other colour's.
	Principals, PeerPrincipals contract.Principals
	// AccessLogsBucket takes the request logs of the buckets.
	AccessLogsBucket pulumi.StringInput
	// ControlTable is the name of the table that says who may write.
	ControlTable, ControlTableARN, ControlKeyARN pulumi.StringInput
	// PrivateZoneID is the zone in which the colours name their endpoints.
	PrivateZoneID pulumi.StringInput
	// Monitoring is made before the first instance writes to it.
	Monitoring *Monitoring
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
	for what, missing := range map[string]bool{
		"control table": a.ControlTable == nil || a.ControlTableARN == nil || a.ControlKeyARN == nil,
		"monitoring":    a.Monitoring == nil,
		"private zone":  a.PrivateZoneID == nil,
	} {
		if missing {
			problems = append(problems, errors.New(what+": is missing, expected what the colours share"))
		}
	}
	return errors.Join(problems...)
}

// Stores are one colour's data stores.
type Stores struct {
	pulumi.ResourceState

	SecurityGroupID            pulumi.StringOutput
	Database                   *Cluster
	Rotation                   *lambda.Function
	TransactionLogs, Documents *component.Bucket
	// Tables are by name of their design.
	Tables map[string]Table
	// ParameterPath is the root of the colour's settings in Parameter Store.
	ParameterPath string
	// WriterName and ReaderName are the names of the database's endpoints.
	WriterName, ReaderName string

	// secrets are by service name and, for the sync functions, by syncKey.
	secrets map[string]*databaseSecret
	// instances are the database's; ways are the rules that let the rotation to it.
	instances, ways []pulumi.Resource
}

// NewStores makes one colour's database, buckets and tables, says where they are,
// lets the services use them and backs them up.
func NewStores(ctx *pulumi.Context, name string, args *StoresArgs, opts ...pulumi.ResourceOption) (*Stores, error) {
	if err := args.Validate(); err != nil {
		return nil, fmt.Errorf("stores of %s: %w", name, err)
	}
	s := &Stores{}
	if err := ctx.RegisterComponentResource("cutover:data:Stores", name, s, opts...); err != nil {
		return nil, fmt.Errorf("register stores of %s: %w", name, err)
	}
	for _, step := range []func(*pulumi.Context, string, *StoresArgs) error{
		s.addAccess, s.addDatabase, s.addNames, s.addSecrets, s.addRotation, s.addTransactionLogs, s.addDocuments, s.addTables, s.addSettings,
		s.addPermissions, s.addSyncAccess, s.addReplication, s.addBackup,
	} {
		if err := step(ctx, name, args); err != nil {
			return nil, fmt.Errorf("stores of %s: %w", name, err)
		}
	}
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{"clusterId": s.Database.ID, "parameterPath": pulumi.String(s.ParameterPath)})
}

// databaseURL is a connection URI of PostgreSQL without user and password.
func databaseURL(endpoint pulumi.StringOutput) pulumi.StringOutput {
	return pulumi.Sprintf("postgresql://%s:%d/%s?sslmode=%s", endpoint, catalog.DatabasePort, databaseName, tlsMode)
}

// outputs is what the contract promises of this colour.
func (s *Stores) outputs() contract.Stores {
	sessions, limits := s.Tables[tables.Sessions().Name], s.Tables[tables.RateLimits().Name]
	return contract.Stores{
		ClusterID:             s.Database.ID,
		ClusterResourceID:     s.Database.ResourceID,
		WriterEndpoint:        s.Database.Writer,
		ReaderEndpoint:        s.Database.Reader,
		WriterName:            pulumi.String(s.WriterName).ToStringOutput(),
		ReaderName:            pulumi.String(s.ReaderName).ToStringOutput(),
		WriterURL:             databaseURL(s.Database.Writer),
		ReaderURL:             databaseURL(s.Database.Reader),
		Port:                  pulumi.Int(catalog.DatabasePort).ToIntOutput(),
		DatabaseName:          pulumi.String(databaseName).ToStringOutput(),
		MasterSecretARN:       s.Database.MasterSecretARN,
		SecurityGroupID:       s.SecurityGroupID,
		TransactionLogsBucket: s.TransactionLogs.Name,
		DocumentsBucket:       s.Documents.Name,
		SessionsTableName:     sessions.Name,
		SessionsTableARN:      sessions.ARN,
		SessionsStreamARN:     sessions.StreamARN,
		RateLimitsTableName:   limits.Name,
		RateLimitsTableARN:    limits.ARN,
		RateLimitsStreamARN:   limits.StreamARN,
		ParameterPath:         pulumi.String(s.ParameterPath).ToStringOutput(),
		ApplicationSecretARNs: s.secretARNs(func(key string) (string, bool) { return key, !strings.HasPrefix(key, syncKey("")) }),
		SyncSecretARNs:        s.secretARNs(func(key string) (string, bool) { return strings.CutPrefix(key, syncKey("")) }),
		RotationFunctionName:  s.Rotation.Name,
		RotationFunctionARN:   s.Rotation.Arn,
	}
}

// secretARNs are the ARNs of the secrets that choose takes, by the name it gives.
func (s *Stores) secretARNs(choose func(key string) (string, bool)) pulumi.StringMapOutput {
	arns := pulumi.StringMap{}
	for key, secret := range s.secrets {
		if name, chosen := choose(key); chosen {
			arns[name] = secret.made.Arn
		}
	}
	return arns.ToStringMapOutput()
}
