package mapping

// budgetsResources are the tokens aws:budgets/….
var budgetsResources = table{
	"aws_budgets_budget":        token("budgets", "Budget"),
	"aws_budgets_budget_action": token("budgets", "BudgetAction"),
}
