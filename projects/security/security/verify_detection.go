package security

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	configtypes "github.com/aws/aws-sdk-go-v2/service/configservice/types"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	guardtypes "github.com/aws/aws-sdk-go-v2/service/guardduty/types"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/policy/table"
)

// checkRecorder wants a recorder that records and delivers.
func (v *verifier) checkRecorder(ctx context.Context) error {
	found, err := v.recorders.DescribeConfigurationRecorderStatus(ctx, &configservice.DescribeConfigurationRecorderStatusInput{})
	if err != nil {
		return fmt.Errorf("recorder: %w", err)
	}
	return judgeRecorders(found.ConfigurationRecordersStatus)
}

func judgeRecorders(found []configtypes.ConfigurationRecorderStatus) error {
	if len(found) == 0 {
		return errors.New("recorder: is missing, expected one that records")
	}
	var problems []error
	for _, recorder := range found {
		name := aws.ToString(recorder.Name)
		if !recorder.Recording {
			problems = append(problems, fmt.Errorf("recorder %s: does not record", name))
		}
		if recorder.LastStatus == configtypes.RecorderStatusFailure {
			problems = append(problems, fmt.Errorf("recorder %s: cannot deliver: %s: %s", name,
				aws.ToString(recorder.LastErrorCode), aws.ToString(recorder.LastErrorMessage)))
		}
	}
	return errors.Join(problems...)
}

// checkPacks wants every pack that this layer deployed complete.
func (v *verifier) checkPacks(ctx context.Context) error {
	if v.cfg.Conformance != Packs {
		return nil
	}
	var names []string
	for _, pack := range table.Packs() {
		names = append(names, v.names.Name(naming.Pack, string(pack)))
	}
	found, err := v.recorders.DescribeConformancePackStatus(ctx, &configservice.DescribeConformancePackStatusInput{ConformancePackNames: names})
	if err != nil {
		return fmt.Errorf("conformance packs: %w", err)
	}
	return judgePacks(names, found.ConformancePackStatusDetails)
}

func judgePacks(names []string, found []configtypes.ConformancePackStatusDetail) error {
	states := make(map[string]configtypes.ConformancePackStatusDetail)
	for _, pack := range found {
		states[aws.ToString(pack.ConformancePackName)] = pack
	}
	var problems []error
	for _, name := range names {
		pack, there := states[name]
		switch {
		case !there:
			problems = append(problems, fmt.Errorf("conformance pack %s: is missing", name))
		case pack.ConformancePackState != configtypes.ConformancePackStateCreateComplete:
			problems = append(problems, fmt.Errorf("conformance pack %s: is %s, expected CREATE_COMPLETE: %s", name,
				pack.ConformancePackState, aws.ToString(pack.ConformancePackStatusReason)))
		}
	}
	return errors.Join(problems...)
}

// checkDetector wants GuardDuty on, with every feature of the layer.
func (v *verifier) checkDetector(ctx context.Context) error {
	found, err := v.detectors.ListDetectors(ctx, &guardduty.ListDetectorsInput{})
	if err != nil {
		return fmt.Errorf("GuardDuty: %w", err)
	}
	if len(found.DetectorIds) != 1 {
		return fmt.Errorf("GuardDuty: has %d detectors, expected 1", len(found.DetectorIds))
	}
	detector, err := v.detectors.GetDetector(ctx, &guardduty.GetDetectorInput{DetectorId: aws.String(found.DetectorIds[0])})
	if err != nil {
		return fmt.Errorf("GuardDuty, detector %s: %w", found.DetectorIds[0], err)
	}
	return judgeDetector(detector)
}

func judgeDetector(detector *guardduty.GetDetectorOutput) error {
	var problems []error
	if detector.Status != guardtypes.DetectorStatusEnabled {
		problems = append(problems, fmt.Errorf("GuardDuty: is %s, expected %s", detector.Status, on))
	}
	states := make(map[string]guardtypes.FeatureStatus)
	for _, feature := range detector.Features {
		states[string(feature.Name)] = feature.Status
		for _, agent := range feature.AdditionalConfiguration {
			states[string(agent.Name)] = agent.Status
		}
	}
	for _, feature := range append(detectorFeatures(), fargateAgent) {
		if states[feature] != guardtypes.FeatureStatusEnabled {
			problems = append(problems, fmt.Errorf("GuardDuty, feature %s: is %q, expected %s", feature, states[feature], on))
		}
	}
	return errors.Join(problems...)
}
