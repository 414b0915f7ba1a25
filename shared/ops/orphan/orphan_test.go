package orphan_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/orphan"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tags answers with ids and keeps what it was asked.
type tags struct {
	ids   []string
	err   error
	asked map[string][]string
}

func (f *tags) DescribeTags(_ context.Context, in *ec2.DescribeTagsInput, _ ...func(*ec2.Options)) (*ec2.DescribeTagsOutput, error) {
	f.asked = map[string][]string{}
	for _, filter := range in.Filters {
		f.asked[aws.ToString(filter.Name)] = filter.Values
	}
	out := &ec2.DescribeTagsOutput{}
	for _, id := range f.ids {
		out.Tags = append(out.Tags, types.TagDescription{ResourceId: aws.String(id)})
	}
	return out, f.err
}

func pending(kind string, inputs map[string]any) engine.Pending {
	return engine.Pending{Resource: engine.Resource{Type: kind}, Op: "creating", Inputs: inputs}
}

func TestNetworkPartsAreFoundByTheirNameTag(t *testing.T) {
	api := &tags{ids: []string{"vpc-1"}}
	ids, err := orphan.NewWith(api).Find(t.Context(), pending("aws:ec2/vpc:Vpc", map[string]any{"tags": map[string]any{"Name": "a*b"}}))

	require.NoError(t, err)
	assert.Equal(t, []string{"vpc-1"}, ids)
	assert.Equal(t, map[string][]string{"key": {"Name"}, "value": {`a\*b`}, "resource-type": {"vpc"}}, api.asked)
}

func TestNamedResourcesAreTheirOwnId(t *testing.T) {
	ids, err := orphan.NewWith(&tags{}).Find(t.Context(), pending("aws:rds/cluster:Cluster", map[string]any{"clusterIdentifier": "blue"}))

	require.NoError(t, err)
	assert.Equal(t, []string{"blue"}, ids)
}

func TestWhatCannotBeToldIsAnErrorAndNotNothing(t *testing.T) {
	for name, p := range map[string]engine.Pending{
		"nameless type": pending("aws:kms/key:Key", nil),
		"no Name tag":   pending("aws:ec2/vpc:Vpc", nil),
	} {
		_, err := orphan.NewWith(&tags{}).Find(t.Context(), p)
		assert.Error(t, err, name)
	}
	_, err := orphan.NewWith(&tags{err: errors.New("throttled")}).Find(t.Context(),
		pending("aws:ec2/subnet:Subnet", map[string]any{"tags": map[string]any{"Name": "x"}}))
	assert.ErrorContains(t, err, "throttled")
}

func TestATypeThatAWSRefusesTwiceNeedsNoSearch(t *testing.T) {
	ids, err := orphan.NewWith(&tags{}).Find(t.Context(), pending("aws:lb/listener:Listener", nil))

	require.NoError(t, err)
	assert.Empty(t, ids)
}
