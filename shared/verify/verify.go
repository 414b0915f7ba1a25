// Package verify is what the layers' own verifications have in common: what they
// are told, and how they collect what is not as it should be. What a layer asks
// AWS and what it expects stands in the layer (projects/<layer>/<layer>/verify*.go);
// running the verifications and telling the operator is the part of shared/ops.
package verify

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/cutover/cutover/shared/naming"
)

// Args says what to verify.
type Args struct {
	AWS aws.Config
	// Environment names the stack, StackFile is its configuration: what was asked for.
	Environment, StackFile string
	// Outputs are the layer's own.
	Outputs map[string]any
	// Color limits the questions to one colour, where the layer asks by colour; empty
	// is both.
	Color naming.Color
}

// Colors lists the colours to ask about.
func (a Args) Colors() []naming.Color {
	if a.Color != "" {
		return []naming.Color{a.Color}
	}
	return naming.Colors()
}

// Objects asks S3: by path where the endpoint is not AWS's own, which has no name
// for each bucket.
func (a Args) Objects() *s3.Client {
	return s3.NewFromConfig(a.AWS, func(o *s3.Options) { o.UsePathStyle = a.AWS.BaseEndpoint != nil })
}

// Text is the output under key; empty where it is none or no text.
func (a Args) Text(key string) string {
	text, _ := a.Outputs[key].(string)
	return text
}

// Texts is a map of texts under key, such as ARNs by service. Values that are no
// texts are left out.
func (a Args) Texts(key string) map[string]string {
	texts := make(map[string]string)
	entries, _ := a.Outputs[key].(map[string]any)
	for name, value := range entries {
		if text, ok := value.(string); ok {
			texts[name] = text
		}
	}
	return texts
}

// All runs every check, also after one that fails, and joins what they say.
func All(ctx context.Context, checks ...func(context.Context) error) error {
	problems := make([]error, 0, len(checks))
	for _, check := range checks {
		problems = append(problems, check(ctx))
	}
	return errors.Join(problems...)
}

// Findings collects what is not as it should be about one thing.
type Findings struct {
	about string
	list  []error
}

// About begins the findings about one thing, named as an operator knows it.
func About(format string, values ...any) *Findings {
	return &Findings{about: fmt.Sprintf(format, values...)}
}

// Expect adds a finding unless ok.
func (f *Findings) Expect(ok bool, format string, values ...any) {
	if !ok {
		f.list = append(f.list, fmt.Errorf("%s: %s", f.about, fmt.Sprintf(format, values...)))
	}
}

// Equal adds a finding unless got is want, which have to be of one comparable type.
func (f *Findings) Equal(what string, got, want any) {
	f.Expect(got == want, "%s is %v, expected %v", what, got, want)
}

// Include adds what was found about a part, which names itself.
func (f *Findings) Include(part error) {
	if part != nil {
		f.list = append(f.list, part)
	}
}

// Failed adds a question that AWS did not answer and returns all findings.
func (f *Findings) Failed(err error) error {
	f.list = append(f.list, fmt.Errorf("%s: %w", f.about, err))
	return f.Err()
}

// Err joins the findings; nil without any.
func (f *Findings) Err() error { return errors.Join(f.list...) }
