package function

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

// Make makes a function's handler from its variables; metrics go to out.
type Make[In, Out any] func(ctx context.Context, lookup func(string) (string, bool), out io.Writer) (func(context.Context, In) (Out, error), error)

// runtimeAPI is set by Lambda, and by Lambda alone (AWS Lambda developer guide,
// "Defined runtime environment variables").
const runtimeAPI = "AWS_LAMBDA_RUNTIME_API"

// The rhythm of a handler that runs as a process of this machine.
const (
	// window is one invocation's time, that of the function in Lambda.
	window = 14 * time.Minute
	// rest is between two invocations.
	rest = time.Second
)

// Serve is the whole main function of a function: under Lambda it answers events;
// elsewhere it invokes the handler again and again with an empty event, each time
// with a deadline as Lambda sets one, until SIGINT or SIGTERM. What the handler
// answers and its errors go to the log, which never has a value of a row.
func Serve[In, Out any](name string, make Make[In, Out]) {
	logger := slog.New(slog.NewJSONHandler(os.Stdout, nil)).With("function", name)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	handler, err := make(ctx, os.LookupEnv, os.Stdout)
	if err != nil {
		logger.Error("start", "error", err.Error())
		os.Exit(1)
	}
	if _, inLambda := os.LookupEnv(runtimeAPI); inLambda {
		stop() // Lambda ends the process itself
		lambda.Start(handler)
		return
	}
	logger.Info("start", "pid", os.Getpid())
	repeat(ctx, logger, handler)
	logger.Info("end")
}

// repeat invokes the handler until ctx ends.
func repeat[In, Out any](ctx context.Context, logger *slog.Logger, handler func(context.Context, In) (Out, error)) {
	for ctx.Err() == nil {
		invocation, cancel := context.WithTimeout(ctx, window)
		var event In
		answer, err := handler(invocation, event)
		cancel()
		if err != nil {
			logger.Error("invocation", "answer", answer, "error", err.Error())
		} else {
			logger.Info("invocation", "answer", answer)
		}
		select {
		case <-ctx.Done():
		case <-time.After(rest):
		}
	}
}
