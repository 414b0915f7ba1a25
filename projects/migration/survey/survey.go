// Package survey asks AWS for the facts that a preflight needs and no database
// knows: how the functions of a colour are set up, and how much its clusters can
// still store. It only reads, and says of what it could not read that it is unknown.
package survey

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/cutover/cutover/projects/migration/lane/preflight"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
)

// Lambda is what is asked about functions; *lambda.Client has it.
type Lambda interface {
	GetFunctionConfiguration(ctx context.Context, in *lambda.GetFunctionConfigurationInput, with ...func(*lambda.Options)) (*lambda.GetFunctionConfigurationOutput, error)
	GetFunctionConcurrency(ctx context.Context, in *lambda.GetFunctionConcurrencyInput, with ...func(*lambda.Options)) (*lambda.GetFunctionConcurrencyOutput, error)
}

// CloudWatch is what is asked about storage; *cloudwatch.Client has it.
type CloudWatch interface {
	GetMetricData(ctx context.Context, in *cloudwatch.GetMetricDataInput, with ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricDataOutput, error)
}

// Cloud is what one colour's function asks.
type Cloud struct {
	Lambda     Lambda
	CloudWatch CloudWatch
	// Clusters are the identifiers of both sides' clusters.
	Clusters map[naming.Color]string
	// Functions are the functions of the colour by physical name, as they were deployed.
	Functions map[string]preflight.Settings
	// Window is the last moment at which the network between the sides is open.
	Window time.Time
	Now    func() time.Time
}

// Facts adds to what is given what the function itself may ask.
func (c *Cloud) Facts(ctx context.Context, given preflight.Facts) preflight.Facts {
	given.Rooms = map[naming.Color]preflight.Fact[preflight.Room]{}
	for _, side := range naming.Colors() {
		given.Rooms[side] = preflight.Answer(c.room(ctx, side))
	}
	given.Functions = preflight.Answer(c.functions(ctx))
	given.Window = preflight.Fact[time.Time]{Unknown: "the function was not told when it closes: deploy the migration layer"}
	if !c.Window.IsZero() {
		given.Window = preflight.Known(c.Window)
	}
	given.Applications = preflight.Known(true)
	return given
}

// functions reads how each function is set up.
func (c *Cloud) functions(ctx context.Context) ([]preflight.Function, error) {
	if len(c.Functions) == 0 {
		return nil, errors.New("the function was not told what was deployed: deploy the migration layer")
	}
	var list []preflight.Function
	for _, name := range slices.Sorted(maps.Keys(c.Functions)) {
		set, err := c.Lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: aws.String(name)})
		if err != nil {
			return nil, fmt.Errorf("ask for function %s: %w", name, err)
		}
		reserved, err := c.Lambda.GetFunctionConcurrency(ctx, &lambda.GetFunctionConcurrencyInput{FunctionName: aws.String(name)})
		if err != nil {
			return nil, fmt.Errorf("ask for the concurrency of function %s: %w", name, err)
		}
		atOnce := -1
		if reserved.ReservedConcurrentExecutions != nil {
			atOnce = int(*reserved.ReservedConcurrentExecutions)
		}
		list = append(list, preflight.Function{Name: name, Want: c.Functions[name], Is: preflight.Settings{
			Timeout: int(aws.ToInt32(set.Timeout)), Memory: int(aws.ToInt32(set.MemorySize)), AtOnce: atOnce,
		}})
	}
	return list, nil
}

// largestVolume is how large a cluster's volume may become (Amazon Aurora user guide,
// "Amazon Aurora size limits", for Aurora PostgreSQL 14).
const largestVolume = int64(128) << 40

const (
	// recent is how old a value may be: that of the volume comes every few minutes
	// while the cluster is in use, and more seldom otherwise.
	recent = 6 * time.Hour
	// period is that of the values, in seconds.
	period = 300
)

// room reads how much a side's cluster can still store.
func (c *Cloud) room(ctx context.Context, side naming.Color) (preflight.Room, error) {
	cluster := c.Clusters[side]
	ask := func(id string, metric metrics.Metric) types.MetricDataQuery {
		return types.MetricDataQuery{Id: aws.String(id), ReturnData: aws.Bool(true), MetricStat: &types.MetricStat{
			Period: aws.Int32(period), Stat: aws.String(string(metric.Statistic)), Metric: &types.Metric{
				Namespace: aws.String(metric.Namespace), MetricName: aws.String(metric.Name),
				Dimensions: []types.Dimension{{Name: aws.String(metric.Dimensions[0]), Value: aws.String(cluster)}},
			},
		}}
	}
	out, err := c.CloudWatch.GetMetricData(ctx, &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(c.Now().Add(-recent)), EndTime: aws.Time(c.Now()), ScanBy: types.ScanByTimestampDescending,
		MetricDataQueries: []types.MetricDataQuery{ask("volume", metrics.DatabaseVolume), ask("scratch", metrics.DatabaseLocalSpace)},
	})
	if err != nil {
		return preflight.Room{}, fmt.Errorf("ask for the storage of cluster %s: %w", cluster, err)
	}
	used, err := newest(out, "volume", cluster)
	scratch, scratchErr := newest(out, "scratch", cluster)
	return preflight.Room{Volume: largestVolume - used, Scratch: &scratch}, errors.Join(err, scratchErr)
}

// newest is the last value of a query.
func newest(out *cloudwatch.GetMetricDataOutput, id, cluster string) (int64, error) {
	for _, result := range out.MetricDataResults {
		if aws.ToString(result.Id) == id && len(result.Values) > 0 {
			return int64(result.Values[0]), nil
		}
	}
	return 0, fmt.Errorf("cluster %s has told nothing of its %s in the last %s", cluster, id, recent)
}
