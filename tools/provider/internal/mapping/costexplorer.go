package mapping

// costexplorerResources are the tokens aws:costexplorer/….
var costexplorerResources = table{
	"aws_ce_anomaly_monitor":      token("costexplorer", "AnomalyMonitor"),
	"aws_ce_anomaly_subscription": token("costexplorer", "AnomalySubscription"),
	"aws_ce_cost_allocation_tag":  token("costexplorer", "CostAllocationTag"),
	"aws_ce_cost_category":        token("costexplorer", "CostCategory"),
}
