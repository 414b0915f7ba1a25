package services

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// masked are the data of cards that must never be read in a log, by the identifiers
// that CloudWatch Logs knows (CloudWatch Logs user guide, "Financial data types").
func masked() []string {
	const identifiers = "arn:aws:dataprotection::aws:data-identifier/"
	return []string{identifiers + "CreditCardExpiration", identifiers + "CreditCardNumber", identifiers + "CreditCardSecurityCode"}
}

// maskPolicy counts what it finds, in the metric LogEventsWithFindings, and shows
// asterisks to whoever reads the group (CloudWatch Logs user guide, "Help protect
// sensitive log data with masking"): both statements name the same data.
func maskPolicy() (string, error) {
	text, err := json.Marshal(map[string]any{
		"Name": "cards", "Version": "2021-06-01", "Description": "Data of cards are masked",
		"Statement": []any{
			map[string]any{"Sid": "Find", "DataIdentifier": masked(), "Operation": map[string]any{"Audit": map[string]any{"FindingsDestination": map[string]any{}}}},
			map[string]any{"Sid": "Mask", "DataIdentifier": masked(), "Operation": map[string]any{"Deidentify": map[string]any{"MaskConfig": map[string]any{}}}},
		},
	})
	if err != nil {
		return "", fmt.Errorf("mask of log events: %w", err)
	}
	return string(text), nil
}

// addMask masks the data of cards in the service's log group. An application must
// not write them in the first place; the mask is for the day when one does.
func (w *Workload) addMask(ctx *pulumi.Context, name string, group *cloudwatch.LogGroup) error {
	policy, err := maskPolicy()
	if err != nil {
		return err
	}
	if _, err := cloudwatch.NewLogDataProtectionPolicy(ctx, name, &cloudwatch.LogDataProtectionPolicyArgs{
		LogGroupName: group.Name, PolicyDocument: pulumi.String(policy),
	}, pulumi.Parent(w)); err != nil {
		return fmt.Errorf("mask of log group %s: %w", name, err)
	}
	return nil
}
