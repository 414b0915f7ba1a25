package rotation

import (
	"context"
	"errors"
)

// Label marks a version of a secret. At most one version of a secret has it.
type Label string

// The labels of Secrets Manager.
const (
	Current  Label = "AWSCURRENT"
	Pending  Label = "AWSPENDING"
	Previous Label = "AWSPREVIOUS"
)

// What a Store answers besides failures of its own.
var (
	// ErrNoValue tells that there is no such version, or that it is empty: a
	// rotation begins with an empty pending version.
	ErrNoValue = errors.New("no value")
	// ErrVersionTaken tells that the version has another value already.
	ErrVersionTaken = errors.New("the version has another value")
	// ErrLabelMoved tells that the label is not where the caller took it to be.
	ErrLabelMoved = errors.New("the label is elsewhere")
)

// Description is what a Store tells about a secret.
type Description struct {
	Rotating bool // rotation is enabled
	// Labels holds the labels of each version that has any, by version id.
	Labels map[string][]Label
}

// Store keeps the versions of secrets, as AWS Secrets Manager does.
type Store interface {
	Describe(ctx context.Context, secret string) (Description, error)
	// Value returns the value of a version, or ErrNoValue.
	Value(ctx context.Context, secret, version string) (string, error)
	// Current returns the value of the version labelled Current, or ErrNoValue.
	Current(ctx context.Context, secret string) (string, error)
	// Put gives a version its value, once, and moves the label Pending to it. The
	// first value of a secret may get the label Current as well. The same value
	// again changes nothing; another one is ErrVersionTaken.
	Put(ctx context.Context, secret, version, value string) error
	// Move moves a label. Either version may be empty: the label comes from
	// nowhere, or goes. Unless the label is at from, nothing changes and the
	// answer is ErrLabelMoved. Moving Current moves Previous to where it was.
	Move(ctx context.Context, secret string, label Label, from, to string) error
}
