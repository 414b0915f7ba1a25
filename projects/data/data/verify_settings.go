package data

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/verify"
)

// checkSettings expects every setting in Parameter Store with the value that the
// layer exports.
func (c *colorVerifier) checkSettings(ctx context.Context) error {
	path := c.output("parameterPath")
	f := verify.About("settings below %s", path)
	documents, err := c.keyARN(ctx, c.alias("documents"))
	if err != nil {
		return f.Failed(err)
	}
	found := map[string]string{}
	pages := ssm.NewGetParametersByPathPaginator(c.ssm, &ssm.GetParametersByPathInput{Path: aws.String(path), Recursive: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return f.Failed(err)
		}
		for _, p := range page.Parameters {
			found[aws.ToString(p.Name)] = aws.ToString(p.Value)
			f.Expect(p.Type == types.ParameterTypeString, "%s is of type %s, expected text: settings are no secrets", aws.ToString(p.Name), p.Type)
		}
	}
	want := c.wantedSettings(documents)
	for _, key := range slices.Sorted(maps.Keys(want)) {
		f.Equal(key, found[path+"/"+key], want[key])
	}
	return f.Err()
}

func (c *colorVerifier) wantedSettings(documentsKey string) map[string]string {
	control, _ := c.outputs["controlTableName"].(string)
	return map[string]string{
		platformBranch + "/region":          config.Region,
		platformBranch + "/color":           string(c.color),
		platformBranch + "/control-table":   control,
		databaseBranch + "/cluster-id":      c.clusterID(),
		databaseBranch + "/writer-endpoint": c.output("writerEndpoint"),
		databaseBranch + "/reader-endpoint": c.output("readerEndpoint"),
		databaseBranch + "/port":            strconv.Itoa(catalog.DatabasePort),
		databaseBranch + "/name":            databaseName,
		databaseBranch + "/tls":             tlsMode,
		sessionsBranch + "/table":           c.output("sessionsTableName"),
		rateLimitsBranch + "/table":         c.output("rateLimitsTableName"),
		transactionLogsBranch + "/bucket":   c.output("transactionLogsBucket"),
		transactionLogsBranch + "/key":      documentsKey,
		documentsBranch + "/bucket":         c.output("documentsBucket"),
		documentsBranch + "/key":            documentsKey,
	}
}
