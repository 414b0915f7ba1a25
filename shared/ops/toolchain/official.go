package toolchain

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
)

// A machine that cannot reach Pulumi's servers must learn that in seconds; a
// download itself may take its time.
const (
	reachTimeout    = 5 * time.Second
	downloadTimeout = 20 * time.Minute
	downloadHost    = "https://get.pulumi.com/"
)

// downloads are the official ways to get the programs.
type downloads interface {
	// pulumi puts the CLI into root/bin.
	pulumi(ctx context.Context, root string) error
	// plugin puts the plugin into the plugin cache of a PULUMI_HOME.
	plugin(ctx context.Context, cli, home string) error
}

// official downloads from Pulumi with Pulumi's own programs.
type official struct{}

func (official) pulumi(ctx context.Context, root string) error {
	if err := reach(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, downloadTimeout)
	defer cancel()
	// The version installed is that of the Automation API in go.mod, which a
	// test holds equal to PulumiVersion.
	_, err := auto.InstallPulumiCommand(ctx, &auto.PulumiCommandOptions{Root: root})
	return err
}

func (official) plugin(ctx context.Context, cli, home string) error {
	if err := reach(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, downloadTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, cli, "plugin", "install", "resource", "aws", PluginVersion)
	command.Env = append(os.Environ(), "PULUMI_HOME="+home, "PULUMI_SKIP_UPDATE_CHECK=1")
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Run(); err != nil {
		return fmt.Errorf("run %s: %w: %s", strings.Join(command.Args, " "), err, strings.TrimSpace(output.String()))
	}
	return nil
}

// reach asks whether Pulumi's download server answers at all.
func reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, downloadHost, nil)
	if err != nil {
		return fmt.Errorf("ask %s: %w", downloadHost, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("reach %s: %w", downloadHost, err)
	}
	return response.Body.Close()
}
