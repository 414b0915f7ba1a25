package ops

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/settings"
	"github.com/cutover/cutover/shared/ops/steering"
	"github.com/cutover/cutover/shared/traffic"
)

// shownMoves is how much of the history traffic:status shows.
const shownMoves = 10

// TrafficPage is what traffic:status shows.
type TrafficPage struct {
	Environment string           `json:"environment"`
	PublicName  string           `json:"publicName"`
	Real        steering.Reality `json:"real"`
	Split       traffic.Split    `json:"split"`
	Record      *traffic.Record  `json:"record"`
	// Change tells of the change of the last move whether Route 53 answers it
	// everywhere, while that is of interest.
	Change  string `json:"change,omitempty"`
	Problem string `json:"problem,omitempty"`
	// Next is the next step up in percent of green; 0 at the top. Gates are its.
	Next    int              `json:"next"`
	Gates   []traffic.Answer `json:"gates"`
	History []traffic.Record `json:"history"`
}

// TrafficStatus shows where the traffic is, what was decided, the history, and
// what the gates say of the next step. It changes nothing.
func (a *App) TrafficStatus(ctx context.Context) error {
	st, err := a.steer(ctx, "traffic:status")
	if err != nil {
		return err
	}
	s, err := st.look(ctx)
	if err != nil {
		return err
	}
	page := TrafficPage{Environment: st.env.Name, PublicName: st.control.Site.PublicName, Real: s.Real, Split: s.Real.Split(), Record: s.Record, Change: st.changeLine(ctx, s.Record), Problem: st.problem(s)}
	if next, more := traffic.Steps().Next(page.Split); more {
		page.Next = next
		page.Gates = traffic.Ask(ctx, st.gates(s), traffic.Move{From: page.Split, To: traffic.At(next), At: a.ports.Now()})
	}
	if s.RecordErr == nil {
		if page.History, err = st.control.History(ctx, shownMoves); err != nil {
			page.Problem = strings.TrimSpace(page.Problem + " " + err.Error())
		}
	}
	if st.set.Output == settings.JSON {
		return st.printJSON(page)
	}
	return st.print(st.title() + "\n\n" + page.text())
}

// changeLine asks for the change of the last move while it may not be everywhere;
// "" for one that is long over.
func (st *steer) changeLine(ctx context.Context, r *traffic.Record) string {
	if r == nil || r.Change == "" || r.Phase == traffic.Settled && st.app.ports.Now().Sub(r.Since) > steering.SyncPatience {
		return ""
	}
	done, err := st.control.DNS.InSync(ctx, r.Change)
	switch {
	case err != nil:
		return fmt.Sprintf("change %s: Route 53 does not say whether its servers answer it: %v", r.Change, oneLine(err.Error()))
	case done:
		return fmt.Sprintf("change %s: all of Route 53's servers answer it", r.Change)
	}
	return fmt.Sprintf("change %s: not all of Route 53's servers answer it yet", r.Change)
}

// problem tells what stands between what was decided and what is; "" for nothing.
func (st *steer) problem(s steering.Situation) string {
	switch {
	case s.RecordErr != nil:
		return fmt.Sprintf("the control table does not answer: %v", s.RecordErr)
	case s.Ahead:
		return "the last move is not in the control table yet, only beside the state: the next move writes it"
	case s.Record == nil:
		return ""
	case !s.Real.Is(s.Record.To) && s.Record.Phase == traffic.Moving && s.Record.Explains(s.Real.Split()):
		return fmt.Sprintf("%s by %s to %s was begun %s and not finished; go on with: go tool mage traffic:shift -to=%s", s.Record.Action, s.Record.Who,
			s.Record.To, s.Record.Since.Local().Format("15:04:05"), stepOf(s.Record.To))
	case !s.Real.Is(s.Record.To):
		return st.unexplained(s).Error()
	case s.Record.Phase == traffic.Moving:
		return fmt.Sprintf("%s by %s to %s is made and was not confirmed; go on with: go tool mage traffic:shift -to=%s", s.Record.Action, s.Record.Who,
			s.Record.To, stepOf(s.Record.To))
	}
	return ""
}

func stepOf(s traffic.Split) string {
	percent, _ := s.Percent()
	return fmt.Sprint(percent)
}

func (p TrafficPage) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "now: %s\n", p.Real)
	if p.Change != "" {
		fmt.Fprintf(&b, "     %s\n", p.Change)
	}
	if p.Problem != "" {
		fmt.Fprintf(&b, "!!   %s\n", p.Problem)
	}
	if p.Record != nil && p.Record.Hold != "" {
		fmt.Fprintf(&b, "held: %s (go on with traffic:promote)\n", p.Record.Hold)
	}
	if p.Next > 0 {
		fmt.Fprintf(&b, "next step: %d %%\n%s", p.Next, gateTable(p.Gates))
	} else {
		b.WriteString("next step: none, green has everything\n")
	}
	b.WriteString("\n" + moveTable(p.History))
	return b.String()
}

// gateTable shows each gate's value and expectation.
func gateTable(answers []traffic.Answer) string {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "  gate\t\tfound\texpected")
	for _, a := range answers {
		_, _ = fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", a.Gate, a.Verdict, oneLine(a.Value), a.Expect)
	}
	_ = table.Flush() // into memory
	return b.String()
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// moveTable shows the history. Of a move only what it has come to is a line.
func moveTable(moves []traffic.Record) string {
	if len(moves) == 0 {
		return "nothing was moved yet\n"
	}
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	for i, m := range moves {
		if m.Phase == traffic.Moving && i > 0 && moves[i-1].To == m.To && moves[i-1].Action == m.Action {
			continue
		}
		result := "done"
		if m.Phase == traffic.Moving {
			result = "begun"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s %% -> %s %%\t%s\t%s\n", m.Since.Local().Format("2006-01-02 15:04:05"), m.Who, m.Action,
			stepOf(m.From), stepOf(m.To), result, m.Reason)
	}
	_ = table.Flush() // into memory
	return b.String()
}

// trafficLine is one line for the status page.
func (s *session) trafficLine(ctx context.Context) string {
	line, err := s.lookBriefly(ctx)
	if err != nil {
		return "traffic: unknown: " + oneLine(err.Error())
	}
	return line
}

// briefly bounds how long the status page waits for AWS.
const briefly = 5 * time.Second

func (s *session) lookBriefly(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, briefly)
	defer cancel()
	var err error
	if s.cloud, err = awsConfig(ctx, s.env.Region, s.vars); err != nil {
		return "", err
	}
	st, err := s.steer()
	if err != nil {
		return "", err
	}
	found, err := st.look(ctx)
	if err != nil {
		return "", err
	}
	line := fmt.Sprintf("traffic: %s", found.Real)
	if r := found.Record; r != nil {
		line += fmt.Sprintf("; %s by %s, %s ago", r.Action, r.Who, engine.Age(s.app.ports.Now().Sub(r.Since)))
		if r.Hold != "" {
			line += "; held: " + r.Hold
		}
	}
	if problem := st.problem(found); problem != "" {
		line += "\n!! " + problem
	}
	return line, nil
}
