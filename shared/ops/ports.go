package ops

import (
	"context"
	"io"
	"os"
	"os/user"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/cutover/cutover/shared/ops/emulator"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/orphan"
	"github.com/cutover/cutover/shared/ops/steering"
	"github.com/cutover/cutover/shared/ops/toolchain"
	"golang.org/x/term"
)

// Ports are the ways in which commands touch the world; tests have their own.
type Ports struct {
	In       io.Reader
	Out, Err io.Writer
	Terminal bool // In and Out are a terminal
	Width    func() int
	Environ  func() []string
	Now      func() time.Time
	Who      func() (user, host string)
	// Commit tells the checkout's state; empty outside of git.
	Commit func(ctx context.Context, root string) (commit string, dirty bool)
	// Toolchain finds or obtains the CLI and the plugin.
	Toolchain func(ctx context.Context, o toolchain.Options) (toolchain.Toolchain, error)
	// CheckToolchain only looks.
	CheckToolchain func(ctx context.Context, o toolchain.Options) (toolchain.Toolchain, error)
	Emulator       func(o emulator.Options) Emulator
	Engine         func(o engine.Options) (engine.Engine, error)
	// Account tells whose credentials these are.
	Account func(ctx context.Context, c aws.Config) (id string, err error)
	// Orphans looks for resources whose creation was interrupted.
	Orphans func(c aws.Config) Finder
	// DNS, Table and Eyes are what traffic is moved and judged with. Table is given
	// the name of the control table.
	DNS   func(c aws.Config) steering.DNS
	Table func(c aws.Config, name string) steering.Table
	Eyes  func(c aws.Config) steering.Eyes
	// Gauge takes what dashboards show of the traffic.
	Gauge func(c aws.Config) steering.Gauge
	// Signals takes the process's signals over; nil leaves them alone.
	Signals bool
}

// Emulator is what the runner uses of the local AWS.
type Emulator interface {
	Up(ctx context.Context) error
	Down(ctx context.Context) error
	Reset(ctx context.Context) error
	Status(ctx context.Context) (emulator.Status, error)
	Env() map[string]string
	// Python returns the interpreter that the emulator runs on.
	Python(ctx context.Context) (string, error)
}

// DefaultPorts are the real ones.
func DefaultPorts() Ports {
	return Ports{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Terminal:       term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd())),
		Width:          width,
		Environ:        os.Environ,
		Now:            time.Now,
		Who:            who,
		Commit:         gitCommit,
		Toolchain:      toolchain.Ensure,
		CheckToolchain: toolchain.Check,
		Emulator:       func(o emulator.Options) Emulator { return emulator.New(o) },
		Engine: func(o engine.Options) (engine.Engine, error) {
			return engine.NewPulumi(o)
		},
		Account: account,
		DNS:     func(c aws.Config) steering.DNS { return steering.NewRoute53(c) },
		Table: func(c aws.Config, name string) steering.Table {
			return &steering.Dynamo{Client: dynamodb.NewFromConfig(c), Name: name}
		},
		Eyes:    func(c aws.Config) steering.Eyes { return steering.NewCloud(c) },
		Gauge:   func(c aws.Config) steering.Gauge { return steering.NewCloudWatch(c) },
		Orphans: func(c aws.Config) Finder { return orphan.New(c) },
		Signals: true,
	}
}

// defaultWidth is assumed of a terminal that does not tell.
const defaultWidth = 80

func width() int {
	columns, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil || columns <= 0 {
		return defaultWidth
	}
	return columns
}

func who() (name, host string) {
	name, host = "unknown", "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		host = h
	}
	return name, host
}
