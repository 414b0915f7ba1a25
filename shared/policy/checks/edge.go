package checks

// edgeChecks are those of the rows of the edge layer.
var edgeChecks = []Check{}
