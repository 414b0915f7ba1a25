//go:build integration

package function_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/control/controltest"
	"github.com/cutover/cutover/projects/migration/migration"
	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/projects/migration/remote"
	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/emulator"
	"github.com/cutover/cutover/shared/pulumitest"
)

// cloud is the migration layer in an emulator: the state machines as the layer's
// program defines them, in the emulator's interpreter; the functions as processes of
// this machine, with the variables, the logins and the limits that the program gives
// them; secrets, keys, buckets and control table where the variables say. The
// databases are this world's.
type cloud struct {
	w       *world
	config  aws.Config
	states  *sfn.Client
	objects *s3.Client
	store   *control.Dynamo
	outputs map[string]any
	// functions are by physical name.
	functions map[string]*sandbox
}

// account is that of the emulator.
const (
	stack   = "local"
	account = "123456789012"
)

// newCloud deploys the layer.
func newCloud(t *testing.T, w *world) *cloud {
	t.Helper()
	c := &cloud{w: w, store: controltest.Start(t), functions: map[string]*sandbox{}}
	var err error
	c.config, err = config.LoadDefaultConfig(t.Context())
	require.NoError(t, err)
	c.config.HTTPClient = emulator.HTTPClient()
	c.states, c.objects = sfn.NewFromConfig(c.config), s3.NewFromConfig(c.config)
	c.measure()
	upstream := c.upstream()
	layer := pulumitest.MustRun(t, pulumitest.Options{
		Layer: contract.Migration, Stack: stack, StackFile: "../Pulumi." + stack + ".yaml", Upstream: upstream, Computed: arns,
	}, migration.Program)
	c.outputs = layer.Exports
	for _, bucket := range layer.OfType("aws:s3/bucketV2:BucketV2") {
		c.makeBucket(bucket.Inputs["bucket"].(string))
	}
	c.role()
	for _, f := range layer.OfType("aws:lambda/function:Function") {
		c.makeFunction(f.Inputs)
	}
	for _, machine := range layer.OfType("aws:sfn/stateMachine:StateMachine") {
		c.makeMachine(machine.Inputs["name"].(string), machine.Inputs["definition"].(string))
	}
	return c
}

// arns are those that the emulator gives.
func arns(r pulumitest.Resource) map[string]any {
	if r.Type != "aws:sfn/stateMachine:StateMachine" {
		return nil
	}
	return map[string]any{"arn": fmt.Sprintf("arn:aws:states:%s:%s:stateMachine:%s", emulator.Region, account, r.Inputs["name"])}
}

// upstream is what the layers before this one have exported: this world's databases,
// and secrets and keys that are made here.
func (c *cloud) upstream() map[contract.Layer]map[string]any {
	t := c.w.t
	security, data := pulumitest.Exports[contract.SecurityOutputs](t), pulumitest.Exports[contract.DataOutputs](t)
	keys := kms.NewFromConfig(c.config)
	for output, input := range map[string]*kms.CreateKeyInput{
		"recordsKeyArn": {}, "signingKeyArn": {KeySpec: kmstypes.KeySpecEccNistP256, KeyUsage: kmstypes.KeyUsageTypeSignVerify},
		"hashKeyArn": {KeySpec: kmstypes.KeySpecHmac256, KeyUsage: kmstypes.KeyUsageTypeGenerateVerifyMac},
	} {
		key, err := keys.CreateKey(t.Context(), input)
		require.NoError(t, err)
		security[output] = aws.ToString(key.KeyMetadata.Arn)
		if output == "signingKeyArn" {
			alias := aws.String(remote.Named(stack, account).SigningKey)
			_, _ = keys.DeleteAlias(t.Context(), &kms.DeleteAliasInput{AliasName: alias}) // of a world before this one
			_, err = keys.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: alias, TargetKeyId: key.KeyMetadata.KeyId})
			require.NoError(t, err)
		}
	}
	data["controlTableName"] = c.store.Table
	for side, database := range c.w.sides {
		at := string(side)
		data[at+"WriterEndpoint"], data[at+"Port"], data[at+"DatabaseName"] = database.Host, database.Port, database.Name
		data[at+"MasterSecretArn"] = c.secret(side, place.Administrator)
		data[at+"ApplicationSecretArns"].(map[string]any)[catalog.Writer] = c.secret(side, place.Writers)
		engine := data[at+"SyncSecretArns"].(map[string]any)
		for short := range maps.Clone(engine) {
			engine[short] = c.secret(side, bgsync.Group("bgsync_"+short))
		}
	}
	foundation := pulumitest.Exports[contract.FoundationOutputs](t)
	foundation["syncWindowUntil"] = time.Now().AddDate(0, 1, 0).Format(time.DateOnly)
	return map[contract.Layer]map[string]any{contract.Foundation: foundation, contract.Security: security, contract.Data: data}
}

// secret keeps a login of this world in the emulator.
func (c *cloud) secret(side naming.Color, group bgsync.Group) (arn string) {
	text, err := os.ReadFile(strings.TrimPrefix(c.w.sides[side].Logins[group], "file:"))
	require.NoError(c.w.t, err)
	made, err := secretsmanager.NewFromConfig(c.config).CreateSecret(c.w.t.Context(), &secretsmanager.CreateSecretInput{
		Name: aws.String(string(side) + "-" + string(group)), SecretString: aws.String(string(text)),
	})
	require.NoError(c.w.t, err)
	return aws.ToString(made.ARN)
}

// makeBucket makes a bucket whose objects are locked, as the proofs' is.
func (c *cloud) makeBucket(name string) {
	t := c.w.t
	_, err := c.objects.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(name), ObjectLockEnabledForBucket: aws.Bool(true)})
	require.NoError(t, err)
	_, err = c.objects.PutObjectLockConfiguration(t.Context(), &s3.PutObjectLockConfigurationInput{
		Bucket: aws.String(name), ObjectLockConfiguration: &s3types.ObjectLockConfiguration{
			ObjectLockEnabled: s3types.ObjectLockEnabledEnabled,
			Rule:              &s3types.ObjectLockRule{DefaultRetention: &s3types.DefaultRetention{Mode: s3types.ObjectLockRetentionModeGovernance, Days: aws.Int32(1)}},
		},
	})
	require.NoError(t, err)
}

// makeFunction has a function run by processes with the layer's variables.
func (c *cloud) makeFunction(inputs map[string]any) {
	t := c.w.t
	name := inputs["name"].(string)
	kind := name[strings.LastIndex(name, "-")+1:]
	atOnce, seconds := int(inputs["reservedConcurrentExecutions"].(float64)), int(inputs["timeout"].(float64))
	c.register(inputs, atOnce, seconds)
	if kind == "canary" {
		return
	}
	variables := map[string]string{"TMPDIR": c.w.profile.Root}
	for _, each := range os.Environ() {
		if name, value, _ := strings.Cut(each, "="); strings.HasPrefix(name, "AWS_") {
			variables[name] = value
		}
	}
	for name, value := range inputs["environment"].(map[string]any)["variables"].(map[string]any) {
		variables[name] = value.(string)
	}
	variables["DATABASES"] = plain(t, variables["DATABASES"])
	s := newSandbox(t, name, kind, atOnce, time.Duration(seconds)*time.Second, variables)
	c.functions[name] = s
	body := fmt.Sprintf(`{"function": %q, "url": %q}`, name, s.url+"/")
	told, err := http.Post(aws.ToString(c.config.BaseEndpoint)+"/_cutover/lambda/handlers", "application/json", strings.NewReader(body)) //nolint:noctx // a test
	require.NoError(t, err)
	require.NoError(t, told.Body.Close())
	require.Equal(t, http.StatusNoContent, told.StatusCode)
}

// measure tells what a preflight asks of the clusters' room. Of a host's address the
// first part counts as the cluster's name.
func (c *cloud) measure() {
	client := cloudwatch.NewFromConfig(c.config)
	const some = 1 << 36 // bytes in use of 128 TiB, and free for the log
	for _, side := range c.w.sides {
		cluster, _, _ := strings.Cut(side.Host, ".")
		for _, metric := range []metrics.Metric{metrics.DatabaseVolume, metrics.DatabaseLocalSpace} {
			_, err := client.PutMetricData(c.w.t.Context(), &cloudwatch.PutMetricDataInput{
				Namespace: aws.String(metric.Namespace), MetricData: []cwtypes.MetricDatum{{
					MetricName: aws.String(metric.Name), Value: aws.Float64(some), Timestamp: aws.Time(time.Now().Add(-time.Minute)),
					Dimensions: []cwtypes.Dimension{{Name: aws.String(metric.Dimensions[0]), Value: aws.String(cluster)}},
				}},
			})
			require.NoError(c.w.t, err)
		}
	}
}

// role makes a role that Lambda may take.
func (c *cloud) role() {
	form := url.Values{
		"Action": {"CreateRole"}, "Version": {"2010-05-08"}, "RoleName": {"function"}, "AssumeRolePolicyDocument": {
			`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`},
	}
	request, err := http.NewRequestWithContext(c.w.t.Context(), http.MethodPost, os.Getenv("AWS_ENDPOINT_URL"), strings.NewReader(form.Encode()))
	require.NoError(c.w.t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0")
	answer, err := http.DefaultClient.Do(request)
	require.NoError(c.w.t, err)
	require.NoError(c.w.t, answer.Body.Close())
	require.Equal(c.w.t, http.StatusOK, answer.StatusCode)
}

// register tells the emulator how the function is set up, which a preflight asks.
func (c *cloud) register(inputs map[string]any, atOnce, seconds int) {
	t, client, name := c.w.t, lambda.NewFromConfig(c.config), aws.String(inputs["name"].(string))
	_, err := client.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: name, Role: aws.String("arn:aws:iam::" + account + ":role/function"), Runtime: lambdatypes.RuntimeProvidedal2023,
		Handler: aws.String("bootstrap"), Timeout: aws.Int32(int32(seconds)), MemorySize: aws.Int32(int32(inputs["memorySize"].(float64))),
		Code: &lambdatypes.FunctionCode{ZipFile: []byte("kept and not run")},
	})
	var there *lambdatypes.ResourceConflictException // of a call whose answer was lost
	if !errors.As(err, &there) {
		require.NoError(t, err)
	}
	_, err = client.PutFunctionConcurrency(t.Context(), &lambda.PutFunctionConcurrencyInput{
		FunctionName: name, ReservedConcurrentExecutions: aws.Int32(int32(atOnce)),
	})
	require.NoError(t, err)
}

// plain has both databases reached without TLS, which servers of this machine lack.
func plain(t *testing.T, databases string) string {
	t.Helper()
	sides, err := place.Parse(databases)
	require.NoError(t, err)
	for color, side := range sides {
		side.Plain = true
		sides[color] = side
	}
	text, err := json.Marshal(sides)
	require.NoError(t, err)
	return string(text)
}

// makeMachine makes a state machine whose written-down waits are of a second.
func (c *cloud) makeMachine(name, definition string) {
	var machine map[string]any
	require.NoError(c.w.t, json.Unmarshal([]byte(definition), &machine))
	for _, state := range machine["States"].(map[string]any) {
		if s := state.(map[string]any); s["Type"] == "Wait" && s["Seconds"] != nil {
			s["Seconds"] = 1
		}
	}
	text, err := json.Marshal(machine)
	require.NoError(c.w.t, err)
	_, err = c.states.CreateStateMachine(c.w.t.Context(), &sfn.CreateStateMachineInput{
		Name: aws.String(name), Definition: aws.String(string(text)), RoleArn: aws.String("arn:aws:iam::" + account + ":role/states"),
	})
	require.NoError(c.w.t, err)
}

// function is a function of a colour.
func (c *cloud) function(color naming.Color, kind string) *sandbox {
	c.w.t.Helper()
	s := c.functions[naming.New(stack).In(color).Name(naming.Function, kind)]
	require.NotNil(c.w.t, s, kind)
	return s
}

// schedule starts the function of a lane every now and then until the test ends.
func (c *cloud) schedule(color naming.Color) {
	client, name := lambda.NewFromConfig(c.config), c.function(color, "lane").name
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	c.w.t.Cleanup(func() { stop(); <-done })
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			_, _ = client.Invoke(ctx, &lambda.InvokeInput{ // the next one comes anyway
				FunctionName: aws.String(name), InvocationType: lambdatypes.InvocationTypeEvent, Payload: []byte("{}"),
			})
			select {
			case <-time.After(500 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}()
}

// ended are the executions of a machine and how each has ended, the newest first.
func (c *cloud) ended(color naming.Color, machine string) []string {
	c.w.t.Helper()
	arn := c.outputs[string(color)+"SyncStateMachineArns"].(map[string]any)[machine].(string)
	listed, err := c.states.ListExecutions(c.w.t.Context(), &sfn.ListExecutionsInput{StateMachineArn: aws.String(arn)})
	require.NoError(c.w.t, err)
	var all []string
	for _, execution := range listed.Executions {
		found, err := c.states.DescribeExecution(c.w.t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: execution.ExecutionArn})
		require.NoError(c.w.t, err)
		end := string(found.Status)
		if found.Status != types.ExecutionStatusSucceeded && found.Error != nil {
			end = aws.ToString(found.Error)
		}
		all = append(all, end)
	}
	return all
}

// records are the proofs' names in their bucket.
func (c *cloud) records() []string {
	c.w.t.Helper()
	listed, err := c.objects.ListObjectsV2(c.w.t.Context(), &s3.ListObjectsV2Input{
		Bucket: aws.String(c.outputs["proofsBucket"].(string)), Prefix: aws.String("switch/"),
	})
	require.NoError(c.w.t, err)
	var names []string
	for _, object := range listed.Contents {
		names = append(names, strings.TrimSuffix(filepath.Base(aws.ToString(object.Key)), ".json"))
	}
	return names
}
