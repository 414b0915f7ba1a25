package security

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	objecttypes "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/cutover/cutover/shared/naming"
)

// logDays is how long every log group keeps its events (PCI DSS 10.5.1).
const logDays = 90

// checkTrail wants one trail over all regions that is validated, encrypted and
// delivers: this layer's, or any of the organisation's.
func (v *verifier) checkTrail(ctx context.Context) error {
	found, err := v.trails.DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{})
	if err != nil {
		return fmt.Errorf("trails: %w", err)
	}
	problems := []error{errors.New("trail: none is on, expected one over all regions")}
	for _, trail := range found.TrailList {
		if v.manages() && aws.ToString(trail.Name) != trailName(v.names) {
			continue
		}
		status, err := v.trails.GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: trail.TrailARN})
		if err != nil {
			return fmt.Errorf("status of trail %s: %w", aws.ToString(trail.Name), err)
		}
		wrong := judgeTrail(trail, status)
		if wrong == nil {
			return nil
		}
		problems = append(problems, wrong)
	}
	return errors.Join(problems...)
}

func judgeTrail(trail trailtypes.Trail, status *cloudtrail.GetTrailStatusOutput) error {
	var problems []error
	for _, each := range []struct {
		ok   bool
		what string
	}{
		{aws.ToBool(status.IsLogging), "is stopped"},
		{aws.ToBool(trail.IsMultiRegionTrail), "sees one region"},
		{aws.ToBool(trail.LogFileValidationEnabled), "does not validate its files"},
		{aws.ToString(trail.KmsKeyId) != "", "has no key"},
		{aws.ToString(trail.CloudWatchLogsLogGroupArn) != "", "writes to no log group"},
		{aws.ToString(status.LatestDeliveryError) == "", "cannot deliver: " + aws.ToString(status.LatestDeliveryError)},
	} {
		if !each.ok {
			problems = append(problems, fmt.Errorf("trail %s: %s", aws.ToString(trail.Name), each.what))
		}
	}
	return errors.Join(problems...)
}

// checkFlowLogs wants a log for each network and for the gateway.
func (v *verifier) checkFlowLogs(ctx context.Context) error {
	found, err := v.network.DescribeFlowLogs(ctx, &ec2.DescribeFlowLogsInput{Filter: []types.Filter{
		{Name: aws.String("tag:Layer"), Values: []string{"security"}},
	}})
	if err != nil {
		return fmt.Errorf("flow logs: %w", err)
	}
	return v.judgeFlowLogs(found.FlowLogs)
}

func (v *verifier) judgeFlowLogs(found []types.FlowLog) error {
	expected := map[string]bool{v.names.Name(naming.LogGroup, transit, flowLogs): true}
	for _, color := range naming.Colors() {
		expected[v.names.In(color).Name(naming.LogGroup, flowLogs)] = true
	}
	var problems []error
	for _, log := range found {
		group := aws.ToString(log.LogGroupName)
		delete(expected, group)
		if status := aws.ToString(log.FlowLogStatus); status != "ACTIVE" {
			problems = append(problems, fmt.Errorf("flow log to %s: is %s, expected ACTIVE", group, status))
		}
		if aws.ToString(log.DeliverLogsStatus) == "FAILED" {
			problems = append(problems, fmt.Errorf("flow log to %s: cannot deliver: %s", group, aws.ToString(log.DeliverLogsErrorMessage)))
		}
	}
	for group := range expected {
		problems = append(problems, fmt.Errorf("flow log to %s: is missing", group))
	}
	return errors.Join(problems...)
}

// checkLogGroups looks at every log group of the account, also those that AWS
// made because nobody declared them.
func (v *verifier) checkLogGroups(ctx context.Context) error {
	var problems []error
	pages := cloudwatchlogs.NewDescribeLogGroupsPaginator(v.logs, &cloudwatchlogs.DescribeLogGroupsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("log groups: %w", err)
		}
		for _, group := range page.LogGroups {
			problems = append(problems, judgeLogGroup(group))
		}
	}
	return errors.Join(problems...)
}

func judgeLogGroup(group logtypes.LogGroup) error {
	var wrong []string
	if days := aws.ToInt32(group.RetentionInDays); days != logDays {
		wrong = append(wrong, fmt.Sprintf("keeps events for %d days, expected %d", days, logDays))
	}
	if aws.ToString(group.KmsKeyId) == "" {
		wrong = append(wrong, "has no key")
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("log group %s: %s", aws.ToString(group.LogGroupName), strings.Join(wrong, " and "))
}

// checkLocks wants trail and archive locked as the configuration says.
func (v *verifier) checkLocks(ctx context.Context) error {
	var problems []error
	for _, purpose := range []string{"trail", "archive"} {
		bucket := v.names.Global(naming.Bucket, v.cfg.Environment.AccountID, purpose)
		found, err := v.objects.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: aws.String(bucket)})
		if err != nil {
			problems = append(problems, fmt.Errorf("lock of bucket %s: %w", bucket, err))
			continue
		}
		problems = append(problems, judgeLock(bucket, found.ObjectLockConfiguration, v.cfg.Evidence))
	}
	return errors.Join(problems...)
}

func judgeLock(bucket string, found *objecttypes.ObjectLockConfiguration, want Retention) error {
	if found == nil || found.Rule == nil || found.Rule.DefaultRetention == nil {
		return fmt.Errorf("bucket %s: locks no objects, expected %s for %d days", bucket, want.LockMode, want.LockDays)
	}
	retention := found.Rule.DefaultRetention
	if string(retention.Mode) != want.LockMode || int(aws.ToInt32(retention.Days)) != want.LockDays {
		return fmt.Errorf("bucket %s: locks objects in mode %s for %d days, expected %s for %d", bucket,
			retention.Mode, aws.ToInt32(retention.Days), want.LockMode, want.LockDays)
	}
	return nil
}
