package move

import (
	"fmt"
	"strings"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// madeByArming is the verdict of a gate that does not hold before arming, and is not
// expected to.
const madeByArming = "arming"

// SwitchPlan is what a switch would do, and how its gates stand.
type SwitchPlan struct {
	From naming.Color `json:"from"`
	To   naming.Color `json:"to"`
	// Epoch is that of the term that would end.
	Epoch int64                `json:"epoch"`
	Gates []function.Condition `json:"gates"`
	Steps []switching.Step     `json:"steps"`
	// Closed counts the gates that keep the switch from beginning.
	Closed int `json:"closed"`
}

// already is the error of a switch to the side that has the authority.
func already(token control.Token) error {
	return fault.New(fault.Usage, "%s has the authority already, in epoch %d", token.Holder, token.Epoch).WithHint("%sstatus", target)
}

// foresee shows what a switch to a side would do, and changes nothing. What keeps the
// command from beginning one is its answer too.
func (o *Operator) foresee(token control.Token, sw control.Switch, to naming.Color, ask func() (function.SwitchAnswer, error)) error {
	switch {
	case sw.State != control.Steady:
		return underway(sw)
	case token.Holder == to:
		return already(token)
	}
	answer, err := ask()
	if err != nil {
		return err
	}
	plan := planned(token, to, answer)
	if err := o.print(plan.String(), plan); err != nil {
		return err
	}
	if plan.Closed > 0 || answer.Outcome != function.Done {
		return fault.New(fault.Gate, "%d of %d gates do not hold %s", plan.Closed, len(plan.Gates), answer.Reason).WithHint("%sstatus", target)
	}
	return nil
}

func (o *Operator) print(text string, value any) error {
	if o.Print == nil {
		o.Say("%s", text)
		return nil
	}
	return o.Print(text, value)
}

// planned counts what keeps a switch from beginning.
func planned(token control.Token, to naming.Color, answer function.SwitchAnswer) SwitchPlan {
	plan := SwitchPlan{From: token.Holder, To: to, Epoch: token.Epoch, Gates: answer.Gates, Steps: answer.Steps}
	for i, gate := range plan.Gates {
		switch {
		case gate.Verdict == switching.Pass.String():
		case switching.MadeByArming(gate.Name):
			plan.Gates[i].Verdict = madeByArming
		default:
			plan.Closed++
		}
	}
	return plan
}

// String is the plan for a person: each gate with its verdict, then each step with its
// place, its limit and what takes it back.
func (p SwitchPlan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "would move the authority from %s, epoch %d, to %s\n", p.From, p.Epoch, p.To)
	for _, gate := range p.Gates {
		fmt.Fprintf(&b, "%-8s %s: %s\n", gate.Verdict, gate.Name, gate.Detail)
	}
	undo := ""
	for i, step := range p.Steps {
		fmt.Fprintf(&b, "%4d  %-13s  %s", i+1, step.Where, step.Does)
		if step.Limit != "" {
			fmt.Fprintf(&b, " (%s)", step.Limit)
		}
		if step.Undo != undo { // it holds until another is named
			fmt.Fprintf(&b, "; taken back by: %s", step.Undo)
			undo = step.Undo
		}
		b.WriteByte('\n')
	}
	return strings.TrimSuffix(b.String(), "\n")
}
