package mapping

// lbResources are the tokens aws:lb/….
var lbResources = table{
	"aws_lb":                      token("lb", "LoadBalancer"),
	"aws_lb_listener":             token("lb", "Listener"),
	"aws_lb_listener_certificate": token("lb", "ListenerCertificate"),
	"aws_lb_listener_rule":        token("lb", "ListenerRule"),
	"aws_lb_target_group": token("lb", "TargetGroup",
		nullableInteger("deregistration_delay", "deregistrationDelay"),
	),
	"aws_lb_target_group_attachment": token("lb", "TargetGroupAttachment"),
	"aws_lb_trust_store":             token("lb", "TrustStore"),
	"aws_lb_trust_store_revocation":  token("lb", "TrustStoreRevocation"),
}
