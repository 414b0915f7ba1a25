package checks

// dataChecks are those of the rows of the data layer.
var dataChecks = []Check{}
