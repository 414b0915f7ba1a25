package policy_test

import (
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/graph"
	"github.com/cutover/cutover/shared/recording"
)

func edgeFixtures() []fixture {
	signed := []recording.Resource{
		{Type: "aws:route53/zone:Zone", Name: "zone", Inputs: map[string]any{"name": "cutover.example"}},
		{Type: "aws:route53/hostedZoneDnsSec:HostedZoneDnsSec", Name: "zone", Inputs: map[string]any{"hostedZoneId": graph.Ref{Type: "aws:route53/zone:Zone", Name: "zone", Output: "id"}}},
		{Type: listenerType, Name: "https", Inputs: map[string]any{"routingHttpResponseStrictTransportSecurityHeaderValue": "max-age=31536000", "routingHttpResponseServerEnabled": false}},
	}
	return []fixture{
		{row: "E-15", name: "zone not signed", layer: contract.Edge, sound: signed, fault: one(graph.Remove("aws:route53/hostedZoneDnsSec:HostedZoneDnsSec", "zone"))},
		{row: "E-15", name: "listener that names its server", layer: contract.Edge, sound: signed, fault: one(graph.Set(listenerType, "https", "routingHttpResponseServerEnabled", true))},
	}
}
