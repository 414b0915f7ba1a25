package metrics

// audit is the namespace of what metric filters count in the trail. A filter that
// reports 0 where nothing matched cannot have dimensions (CloudWatch Logs user
// guide, "Configuring metric values for a log group"), so these have none.
const audit = "Cutover/Audit"

func ofTrail(name string) Metric {
	return Metric{Namespace: audit, Name: name, Unit: Count, Statistic: Sum}
}

// What is counted in the trail.
var (
	RootUse             = ofTrail("RootUse")
	RefusedCalls        = ofTrail("RefusedCalls")
	SignInsWithoutMFA   = ofTrail("SignInsWithoutMFA")
	FailedSignIns       = ofTrail("FailedSignIns")
	PolicyChanges       = ofTrail("PolicyChanges")
	TrailChanges        = ofTrail("TrailChanges")
	RecorderChanges     = ofTrail("RecorderChanges")
	KeyDeletions        = ofTrail("KeyDeletions")
	BucketPolicyChanges = ofTrail("BucketPolicyChanges")
	GroupChanges        = ofTrail("SecurityGroupChanges")
	NetworkACLChanges   = ofTrail("NetworkAclChanges")
	GatewayChanges      = ofTrail("GatewayChanges")
	RouteChanges        = ofTrail("RouteChanges")
	NetworkChanges      = ofTrail("NetworkChanges")
	FailedRotations     = ofTrail("FailedRotations")
	FirewallChanges     = ofTrail("FirewallChanges")
	AlarmChanges        = ofTrail("AlarmChanges")
)

// Audit lists the namespace Cutover/Audit.
func Audit() []Metric {
	return []Metric{
		RootUse, RefusedCalls, SignInsWithoutMFA, FailedSignIns, PolicyChanges, TrailChanges, RecorderChanges, KeyDeletions,
		BucketPolicyChanges, GroupChanges, NetworkACLChanges, GatewayChanges, RouteChanges, NetworkChanges,
		FailedRotations, FirewallChanges, AlarmChanges,
	}
}
