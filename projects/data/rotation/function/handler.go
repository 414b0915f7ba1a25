// Package function is the Lambda function around package rotation: it reads its
// configuration from variables, speaks to AWS Secrets Manager and to the colour's
// database, and emits how long each step took and whether it failed.
package function

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/cutover/cutover/projects/data/rotation"
	"github.com/cutover/cutover/projects/data/rotation/postgres"
	store "github.com/cutover/cutover/projects/data/rotation/secretsmanager"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/rdstrust"
)

// Handler is what the runtime calls once for every step.
type Handler func(ctx context.Context, request rotation.Request) error

// NewHandler reads the configuration and returns the handler. Metrics go to out,
// which CloudWatch Logs reads.
func NewHandler(ctx context.Context, lookup func(string) (string, bool), out io.Writer) (Handler, error) {
	settings, err := read(lookup)
	if err != nil {
		return nil, err
	}
	roots, err := rdstrust.Pool(settings.authorities)
	if err != nil {
		return nil, fmt.Errorf("variable %s: %w", VariableAuthorities, err)
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("load AWS configuration: %w", err)
	}
	rotator := &rotation.Rotator{
		Store: &store.Store{Client: secretsmanager.NewFromConfig(cfg)},
		Database: &postgres.Database{
			Host: settings.cluster.Host, Port: settings.cluster.Port, Name: settings.cluster.Database, Roots: roots,
		},
		Cluster: settings.cluster,
		Roles:   settings.roles,
	}
	return measured(rotator.Run, settings.color, time.Now, out), nil
}

// measured emits the metrics of a step. A step that succeeded stays so when they
// cannot be written: repeated, it would do nothing but fail at the same.
func measured(run Handler, color naming.Color, now func() time.Time, out io.Writer) Handler {
	return func(ctx context.Context, request rotation.Request) error {
		started := now()
		err := run(ctx, request)
		if emitErr := emit(out, color, request.Step, started, now(), err != nil); err != nil {
			return errors.Join(err, emitErr)
		}
		return nil
	}
}

func emit(out io.Writer, color naming.Color, step rotation.Step, started, ended time.Time, failed bool) error {
	duration, err := metrics.RotationStep.At(string(color), string(step))
	if err != nil {
		return fmt.Errorf("metrics of the step: %w", err)
	}
	failures, err := metrics.RotationFailures.At(string(color))
	if err != nil {
		return fmt.Errorf("metrics of the step: %w", err)
	}
	count := 0.0
	if failed {
		count = 1
	}
	line, err := metrics.Line(ended,
		metrics.Sample{Series: failures, Value: count},
		metrics.Sample{Series: duration, Value: float64(ended.Sub(started)) / float64(time.Millisecond)})
	if err != nil {
		return fmt.Errorf("metrics of the step: %w", err)
	}
	if _, err := out.Write(line); err != nil {
		return fmt.Errorf("emit metrics of the step: %w", err)
	}
	return nil
}
