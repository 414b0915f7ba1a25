package function

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/lane/preflight"
	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/projects/migration/survey"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/variables"
)

const (
	// sample is how long a source is watched for how much it writes: long enough for
	// a checkpoint's burst not to be all that was seen.
	sample = 10 * time.Second
	// gibibyteSecond is the price of a function of Arm's architecture for a second and a
	// GiB of memory in US dollars (AWS Lambda pricing, first tier, eu-central-1), and
	// workerMemory that of a worker in GiB.
	gibibyteSecond, workerMemory = 0.0000133334, 0.5
)

// pace is what a load costs and how long it takes in functions.
func pace() preflight.Pace {
	p := preflight.Paced()
	p.PerSecond = gibibyteSecond * workerMemory
	return p
}

// outside is the survey of a function that runs where there is no AWS.
type outside struct{}

func (outside) Facts(context.Context, preflight.Facts) preflight.Facts {
	return preflight.Nowhere("this function runs outside of AWS")
}

// readSurvey makes what asks AWS for facts. A variable that is missing makes a fact
// unknown, and keeps the function from nothing else.
func (p *parts) readSurvey(lookup func(string) (string, bool)) (desk.Survey, error) {
	databases, known := p.place.(*place.Databases)
	if !known || p.cloud.Region == "" {
		return outside{}, nil
	}
	from := &variables.Reader{Lookup: lookup}
	c := &survey.Cloud{
		Lambda: lambda.NewFromConfig(p.cloud), CloudWatch: cloudwatch.NewFromConfig(p.cloud), Now: p.now,
		Clusters: map[naming.Color]string{}, Functions: map[string]preflight.Settings{},
	}
	if day := from.Optional(VariableWindow); day != "" {
		var err error
		if c.Window, err = WindowCloses(day); err != nil {
			from.Refuse(err)
		}
	}
	if text := from.Optional(VariableFunctions); text != "" {
		if err := json.Unmarshal([]byte(text), &c.Functions); err != nil {
			from.Refuse(fmt.Errorf("variable %s: expected settings of functions by name, as JSON", VariableFunctions))
		}
	}
	for side, database := range databases.Sides {
		c.Clusters[side], _, _ = strings.Cut(database.Host, ".")
	}
	return c, from.Err()
}

// WindowCloses is the end of the last day of the network window, as VariableWindow has it.
func WindowCloses(day string) (time.Time, error) {
	last, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return time.Time{}, fmt.Errorf("variable %s is %q: expected a day such as 2026-12-31", VariableWindow, day)
	}
	return last.AddDate(0, 0, 1), nil
}
