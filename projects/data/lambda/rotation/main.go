// Command rotation is the function that changes the passwords of its colour's
// database users.
package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/cutover/cutover/projects/data/rotation/function"
)

func main() {
	handler, err := function.NewHandler(context.Background(), os.LookupEnv, os.Stdout)
	if err != nil {
		slog.New(slog.NewJSONHandler(os.Stdout, nil)).Error("start rotation", "error", err)
		os.Exit(1)
	}
	lambda.Start(handler)
}
