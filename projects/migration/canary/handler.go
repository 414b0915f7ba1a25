package canary

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	store "github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/variables"
)

// The variables that configure the function.
const (
	VariableTable = "CONTROL_TABLE" // name of the control table
	VariableColor = "COLOR"         // blue or green
)

// Handler is what the runtime calls once for every event; the event is of no
// interest.
type Handler func(ctx context.Context) error

// NewHandler reads the configuration and returns the handler. Metrics go to out,
// which CloudWatch Logs reads.
func NewHandler(ctx context.Context, lookup func(string) (string, bool), out io.Writer) (Handler, error) {
	table, color, err := read(lookup)
	if err != nil {
		return nil, err
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("load AWS configuration: %w", err)
	}
	probe := Probe{
		Store:   &store.Dynamo{Client: dynamodb.NewFromConfig(cfg), Table: table},
		Side:    color,
		Now:     time.Now,
		Metrics: out,
	}
	return probe.Run, nil
}

// read joins all that is wrong with the variables.
func read(lookup func(string) (string, bool)) (table string, color naming.Color, err error) {
	from := &variables.Reader{Lookup: lookup}
	table, color = from.Text(VariableTable, "the name of the control table"), from.Color(VariableColor)
	return table, color, from.Err()
}
