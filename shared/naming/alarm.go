package naming

// The composite alarms that gate the traffic and send it back. Their names are
// made here because commands ask CloudWatch for them while a stack is broken.

// CustomerImpactAlarm is the name of the alarm that says that customers notice.
func (n Namer) CustomerImpactAlarm() string { return n.Name(Alarm, "customer-impact") }

// MigrationUnsafeAlarm is the name of the alarm that says that to go on with the
// migration could lose or divide data.
func (n Namer) MigrationUnsafeAlarm() string { return n.Name(Alarm, "migration-unsafe") }
