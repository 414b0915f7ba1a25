package metrics

// PaymentEvent is the line that the applications write to their log groups, as one
// JSON object a line, for each payment that they have decided. Metric filters count
// it, so its names are an interface. It holds nothing of the card: no number, no
// holder, no token.
//
//	{"event":"payment","color":"green","service":"payment-api","outcome":"declined",
//	 "reason":"insufficient_funds","amountMinor":1299,"durationMs":84,"paymentId":"…"}
type PaymentEvent struct {
	// Event is PaymentEventName.
	Event string `json:"event"`
	// Color is the colour that the application runs in ("blue", "green").
	Color string `json:"color"`
	// Service is the service of the catalogue that writes.
	Service string `json:"service"`
	// Outcome is one of the Outcomes.
	Outcome string `json:"outcome"`
	// Reason is a code of the issuer or of ours; empty for approved payments.
	Reason string `json:"reason,omitempty"`
	// AmountMinor is the amount in hundredths of the currency of settlement.
	AmountMinor int64 `json:"amountMinor"`
	// DurationMs is how long the decision took, in milliseconds.
	DurationMs int64 `json:"durationMs"`
	// PaymentID finds the payment in the database.
	PaymentID string `json:"paymentId"`
}

// PaymentEventName is the value of PaymentEvent.Event.
const PaymentEventName = "payment"

// The outcomes of a payment.
const (
	Approved = "approved"
	Declined = "declined"
	Failed   = "failed"
)

// Outcomes lists the values of PaymentEvent.Outcome, the good one first.
func Outcomes() []string { return []string{Approved, Declined, Failed} }

// DimensionOutcome names the outcome of payments.
const DimensionOutcome = "Outcome"

// business is the namespace of what metric filters make of the applications' events.
const business = "Cutover/Business"

var outcome = []string{DimensionColor, DimensionOutcome}

// What is counted of payments.
var (
	Payments        = Metric{Namespace: business, Name: "Payments", Unit: Count, Dimensions: outcome, Statistic: Sum}
	PaymentAmount   = Metric{Namespace: business, Name: "PaymentAmount", Unit: None, Dimensions: outcome, Statistic: Sum}
	PaymentDuration = Metric{Namespace: business, Name: "PaymentDurationMs", Unit: Milliseconds, Dimensions: outcome, Statistic: P99}
)
