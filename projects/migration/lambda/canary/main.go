// Command canary is the function that proves, every minute, that its colour
// reaches the control table.
package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/cutover/cutover/projects/migration/canary"
)

func main() {
	handler, err := canary.NewHandler(context.Background(), os.LookupEnv, os.Stdout)
	if err != nil {
		slog.New(slog.NewJSONHandler(os.Stdout, nil)).Error("start canary", "error", err)
		os.Exit(1)
	}
	lambda.Start(handler)
}
