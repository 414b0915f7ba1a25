package checks

// servicesChecks are those of the rows of the services layer.
var servicesChecks = []Check{}
