package mapping

// servicediscoveryResources are the tokens aws:servicediscovery/….
var servicediscoveryResources = table{
	"aws_service_discovery_http_namespace":        token("servicediscovery", "HttpNamespace"),
	"aws_service_discovery_instance":              token("servicediscovery", "Instance"),
	"aws_service_discovery_private_dns_namespace": token("servicediscovery", "PrivateDnsNamespace"),
	"aws_service_discovery_public_dns_namespace":  token("servicediscovery", "PublicDnsNamespace"),
	"aws_service_discovery_service":               token("servicediscovery", "Service"),
}
