package checks

// observabilityChecks are those of the rows of the observability layer.
var observabilityChecks = []Check{}
