package function

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/shared/naming"
)

// parts are what every function of the layer works with.
type parts struct {
	platform string
	color    naming.Color
	place    place.Place
	store    control.Store
	out      io.Writer // metrics, which CloudWatch Logs reads
	now      func() time.Time
	cloud    aws.Config // empty where nothing of AWS is used
	shared   LoadLimits // of all who load or compare
}

// source is the side where this colour's lane starts.
func (p *parts) source() naming.Color { return p.color.Other() }

// lane is the name of this colour's lane.
func (p *parts) lane() string { return Lane(p.color) }

// assemble makes the parts from variables. AWS is asked for a configuration only
// where a variable refers to it.
func assemble(ctx context.Context, lookup func(string) (string, bool), out io.Writer) (*parts, error) {
	s, err := read(lookup)
	if err != nil {
		return nil, err
	}
	p := &parts{platform: s.platform, color: s.color, out: out, now: time.Now, shared: s.limits}
	databases := &place.Databases{Sides: s.databases, Secrets: place.Files{}}
	p.place = databases
	if folder, local := strings.CutPrefix(s.store, folderPrefix); local {
		p.store = &control.File{Folder: folder}
		databases.Authorities = s.authorities
		return p, nil
	}
	if databases.Authorities, err = place.Trust(s.authorities); err != nil {
		return nil, fmt.Errorf("variable %s: %w", VariableAuthorities, err)
	}
	if p.cloud, err = config.LoadDefaultConfig(ctx); err != nil {
		return nil, fmt.Errorf("load AWS configuration: %w", err)
	}
	databases.Secrets = place.Manager{Client: secretsmanager.NewFromConfig(p.cloud)}
	p.store = &control.Dynamo{Client: dynamodb.NewFromConfig(p.cloud), Table: strings.TrimPrefix(s.store, tablePrefix)}
	return p, nil
}
