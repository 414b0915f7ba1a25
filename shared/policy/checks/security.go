package checks

var securityChecks = []Check{}
