package data

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
)

// The branches of a colour's settings in Parameter Store. A role is let into
// whole branches.
const (
	platformBranch        = "platform"
	databaseBranch        = "database"
	sessionsBranch        = "sessions"
	rateLimitsBranch      = "rate-limits"
	transactionLogsBranch = "transaction-logs"
	documentsBranch       = "documents"
)

// tlsMode is how clients check who answers (PostgreSQL 14 manual, "Protection
// Provided in Different Modes").
const tlsMode = "verify-full"

// settings are what a program has to know to use this colour's stores, by branch
// and name. None is confidential: secrets are named by ARN and stand in Secrets
// Manager.
func (s *Stores) settings(args *StoresArgs) map[string]pulumi.StringInput {
	table := func(name string) pulumi.StringInput { return s.Tables[name].Name }
	return map[string]pulumi.StringInput{
		platformBranch + "/region":        pulumi.String(config.Region),
		platformBranch + "/color":         pulumi.String(args.Color),
		platformBranch + "/control-table": args.ControlTable,

		databaseBranch + "/cluster-id":      s.Database.ID,
		databaseBranch + "/writer-endpoint": s.Database.Writer,
		databaseBranch + "/reader-endpoint": s.Database.Reader,
		databaseBranch + "/port":            pulumi.Sprintf("%d", catalog.DatabasePort),
		databaseBranch + "/name":            pulumi.String(databaseName),
		databaseBranch + "/tls":             pulumi.String(tlsMode),

		sessionsBranch + "/table":         table(sessionsBranch),
		rateLimitsBranch + "/table":       table(rateLimitsBranch),
		transactionLogsBranch + "/bucket": s.TransactionLogs.Name,
		transactionLogsBranch + "/key":    args.Principals.DocumentsKeyARN,
		documentsBranch + "/bucket":       s.Documents.Name,
		documentsBranch + "/key":          args.Principals.DocumentsKeyARN,
	}
}

// addSettings writes the settings, each a standard parameter of text.
func (s *Stores) addSettings(ctx *pulumi.Context, name string, args *StoresArgs) error {
	s.ParameterPath = args.Names.Name(naming.Parameter)
	settings := s.settings(args)
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		physical := s.ParameterPath + "/" + key
		if _, err := ssm.NewParameter(ctx, name+"-"+strings.ReplaceAll(key, "/", "-"), &ssm.ParameterArgs{
			Name:        pulumi.String(physical),
			Type:        pulumi.String("String"),
			Tier:        pulumi.String("Standard"),
			Description: pulumi.String("Setting of the data layer, written by its deployment"),
			Value:       settings[key],
		}, pulumi.Parent(s)); err != nil {
			return fmt.Errorf("parameter %s: %w", physical, err)
		}
	}
	return nil
}

// branchARNs are what a role needs to read branches, one by one or at once
// (AWS Systems Manager user guide, "Restricting access to Parameter Store
// parameters using IAM policies").
func (a *StoresArgs) branchARNs(branches ...string) []string {
	root := "arn:aws:ssm:" + config.Region + ":" + a.Config.Environment.AccountID + ":parameter" + a.Names.Name(naming.Parameter)
	var arns []string
	for _, branch := range branches {
		arns = append(arns, root+"/"+branch, root+"/"+branch+"/*")
	}
	return arns
}
