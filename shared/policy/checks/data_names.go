package checks

import (
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/policy/graph"
)

// private tells the zones that resolve in networks alone from those of the internet.
func private(zone *graph.Resource) bool { return len(zone.Items("vpcs")) > 0 }

// databaseNamesStayInside expects a name for the writer and for the readers of every
// cluster, each in a private zone of all networks, and each the one answer that
// there is.
func databaseNamesStayInside(s *Scope) {
	named := make(map[*graph.Resource][]string)
	for _, record := range s.OfType(recordType) {
		for _, edge := range record.Edges() {
			if edge.To.Type == clusterType {
				named[edge.To] = append(named[edge.To], edge.Output)
				s.See(record)
				expectInside(s, record)
				s.Expect(sameColor(record, edge.To), record, "own-color", "records", "the endpoint of the colour that the name tells")
			}
		}
	}
	for _, cluster := range s.Each(clusterType) {
		for _, endpoint := range []string{"endpoint", "readerEndpoint"} {
			s.Expect(slices.Contains(named[cluster], endpoint), cluster, "named", "", "a name that leads to its %s", endpoint)
		}
	}
}

// expectInside demands that nobody outside learns the name, and that nothing chooses
// what it leads to.
func expectInside(s *Scope, record *graph.Resource) {
	zone := record.Reference("zoneId", zoneType)
	s.Expect(zone != nil && private(zone), record, "private", "zoneId", "a private zone of ours")
	if zone != nil {
		networks := ofType(zone.References("vpcs"), vpcType)
		for _, vpc := range s.OfType(vpcType) {
			s.Expect(slices.Contains(networks, vpc), zone, "networks", "vpcs", "the network %s among them", vpc.Name)
		}
	}
	s.Expect(len(record.Texts("records")) == 1, record, "one-answer", "records", "one endpoint")
	s.Expect(record.Text("setIdentifier") == "", record, "one-answer", "setIdentifier", "nothing: no routing policy decides which database it is")
}

// sameColor tells whether the name has the colour of the cluster.
func sameColor(record, cluster *graph.Resource) bool {
	return slices.ContainsFunc(naming.Colors(), func(color naming.Color) bool {
		return strings.Contains(record.Text("name"), "."+string(color)+".") && strings.Contains(cluster.Text("clusterIdentifier"), "-"+string(color)+"-")
	})
}
