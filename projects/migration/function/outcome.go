package function

import (
	"strings"
	"unicode/utf8"
)

// Outcome is what a function's answer says in one word. A state machine chooses by
// it what comes next; an error of a function is only what nobody foresaw.
type Outcome string

// The outcomes. Each function's answer says which of them it has.
const (
	// Work tells that there are items to share out.
	Work Outcome = "work"
	// Done tells that nothing is left, of a batch or of the whole.
	Done Outcome = "done"
	// Some tells that part of a batch is not done.
	Some Outcome = "some"
	// None tells that there is nothing to share out.
	None Outcome = "none"
	// Again tells to call again.
	Again Outcome = "again"
	// Idle tells that nobody wants the lane.
	Idle Outcome = "idle"
	// Passive tells that the lane's source is not the authority.
	Passive Outcome = "passive"
	// NotReady tells that the lane does not follow its source yet.
	NotReady Outcome = "notReady"
	// Stuck tells that several rounds have brought nothing.
	Stuck Outcome = "stuck"
	// Halted tells that the lane stands still until an operator acts.
	Halted Outcome = "halted"
	// Clean and Unclean are how a pass of the verification ends.
	Clean   Outcome = "clean"
	Unclean Outcome = "unclean"
)

// Failure is an item of a batch that is not done, in the form in which Lambda takes
// those of a queue (AWS Lambda developer guide, "Implementing partial batch
// responses").
type Failure struct {
	Item   string `json:"itemIdentifier"`
	Reason string `json:"reason"`
}

// Reasons that are no errors.
const (
	// NoTime tells that too little time was left.
	NoTime = "deadline"
	// TooEarly tells that a transaction on the source has to end first.
	TooEarly = "early"
	// NotNow tells that the throttle let nothing begin for as long as there was time.
	NotNow = "throttled"
)

// longestReason bounds a reason: the answers of all batches of a round are one
// state of a state machine, which takes 256 KiB.
const longestReason = 200

// brief is an error as a reason. Errors of the engine hold no value of a row.
func brief(err error) string {
	text := strings.ToValidUTF8(err.Error(), "?")
	for len(text) > longestReason {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return text
}
