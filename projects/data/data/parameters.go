package data

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/naming"
)

// parameter is one setting of the engine. Static ones take effect at the next
// restart; AWS refuses to apply them at once.
type parameter struct {
	name, value string
	static      bool
}

// Limits of what a session may hold up, in milliseconds. Sessions that need more
// time, reports and index builds, set their own. The replicating functions end
// their transactions within five seconds and lock for half of one; the limits
// below catch what has lost its way, before it holds back vacuum or the write-ahead
// log (PostgreSQL 14 manual, "Client Connection Defaults").
const (
	statementTimeout  = "60000"
	lockTimeout       = "10000"
	idleInTransaction = "60000"
)

// parameters are the settings of both colours' clusters: TLS only, logical
// replication for the migration, and an audit that records who connected and
// changed what, without the values of statements, which may be account data. They
// are cluster parameters of the family (Aurora user guide, "Amazon Aurora PostgreSQL
// parameters").
func parameters() []parameter {
	return []parameter{
		{name: "rds.force_ssl", value: "1"},
		{name: "ssl_min_protocol_version", value: "TLSv1.2"},
		{name: "rds.logical_replication", value: "1", static: true},
		{name: "shared_preload_libraries", value: "pg_stat_statements,pgaudit", static: true},
		{name: "pgaudit.log", value: "ddl,role,write"},
		{name: "pgaudit.log_parameter", value: "off"},
		{name: "log_connections", value: "1"},
		{name: "log_disconnections", value: "1"},
		{name: "log_statement", value: "ddl"},
		{name: "log_min_duration_statement", value: "-1"},
		// An error would write its statement, and its details the row, both with values.
		{name: "log_min_error_statement", value: "panic"},
		{name: "log_error_verbosity", value: "terse"},
		{name: "log_lock_waits", value: "1"},
		{name: "statement_timeout", value: statementTimeout},
		{name: "lock_timeout", value: lockTimeout},
		{name: "idle_in_transaction_session_timeout", value: idleInTransaction},
	}
}

func (p parameter) method() pulumi.String {
	if p.static {
		return "pending-reboot"
	}
	return "immediate"
}

func (s *Stores) addParameterGroup(ctx *pulumi.Context, name string, args *StoresArgs) (*rds.ClusterParameterGroup, error) {
	var list rds.ClusterParameterGroupParameterArray
	for _, p := range parameters() {
		list = append(list, rds.ClusterParameterGroupParameterArgs{
			Name: pulumi.String(p.name), Value: pulumi.String(p.value), ApplyMethod: p.method(),
		})
	}
	group, err := rds.NewClusterParameterGroup(ctx, name+"-database", &rds.ClusterParameterGroupArgs{
		Name:        pulumi.String(args.Names.Name(naming.Generic, "database")),
		Family:      pulumi.String(engineFamily),
		Description: pulumi.String("TLS only, logical replication, audit, time limits"),
		Parameters:  list,
	}, pulumi.Parent(s))
	if err != nil {
		return nil, fmt.Errorf("parameter group of the database: %w", err)
	}
	return group, nil
}
