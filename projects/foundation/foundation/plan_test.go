package foundation_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/cutover/cutover/projects/foundation/foundation"
	"github.com/cutover/cutover/shared/config"
)

func TestSubnetsOfAPlanAreDisjointAndInTheirTier(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		vpc, err := config.ParseCIDR(fmt.Sprintf("10.%d.0.0/16", rapid.IntRange(0, 255).Draw(t, "network")))
		require.NoError(t, err)
		plan, err := foundation.NewPlan(vpc)
		require.NoError(t, err)
		var all []config.CIDR
		for _, tier := range foundation.Tiers() {
			network := plan.Tier(tier)
			assert.True(t, vpc.Overlaps(network.Prefix) && network.Bits() >= vpc.Bits(), "%s lies in %s", network, vpc)
			assert.Len(t, plan.Subnets(tier), 3)
			for _, subnet := range plan.Subnets(tier) {
				assert.True(t, network.Contains(subnet.Addr()), "%s lies in %s", subnet, network)
				// AWS takes subnets from /16 to /28 (Amazon VPC user guide, "Subnet CIDR blocks").
				assert.True(t, subnet.Bits() >= 16 && subnet.Bits() <= 28, subnet)
				all = append(all, subnet)
			}
		}
		for i := range all {
			for j := range i {
				assert.False(t, all[i].Overlaps(all[j].Prefix), "%s and %s", all[i], all[j])
			}
		}
	})
}

func TestAttachmentSubnetsAreTheSmallestThatAWSTakes(t *testing.T) {
	vpc, err := config.ParseCIDR("10.10.0.0/16")
	require.NoError(t, err)
	plan, err := foundation.NewPlan(vpc)
	require.NoError(t, err)
	assert.Equal(t, "10.10.255.0/28", plan.Subnets(foundation.Attachment)[0].String())
}
