package checks

// migrationChecks are those of the rows of the migration layer.
var migrationChecks = []Check{}
