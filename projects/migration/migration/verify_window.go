package migration

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	handler "github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/finalise"
	"github.com/cutover/cutover/shared/verify"
)

// judgeWindow compares the last day of the network between the sides, as the function
// that checks was given it, with today. Lanes live only while the network is open, and
// a switch needs its way back: a window that closes before is told while there is time.
func judgeWindow(f *verify.Findings, found *lambda.GetFunctionConfigurationOutput, now time.Time) {
	if found.Environment == nil {
		f.Expect(false, "has no variables, expected %s", handler.VariableWindow)
		return
	}
	if refused := found.Environment.Error; refused != nil {
		f.Expect(false, "does not tell its variables: %s: %s", aws.ToString(refused.ErrorCode), aws.ToString(refused.Message))
		return
	}
	const mend = "set foundation:syncWindow, then deploy foundation and migration; where the migration is over, close the window"
	day := found.Environment.Variables[handler.VariableWindow]
	closes, err := handler.WindowCloses(day)
	if err != nil {
		f.Expect(false, "knows no last day of the network window while migration:syncWindow is true: %v: %s", err, mend)
		return
	}
	switch left := closes.Sub(now); {
	case left <= 0:
		f.Expect(false, "the last day of the network window, %s, is over, expected one that is open: %s", day, mend)
	case left < finalise.Window:
		f.Expect(false, "the network window closes after %s, expected it to be open for %d hours, the way back of a switch: %s", day, int(finalise.Window.Hours()), mend)
	}
}
