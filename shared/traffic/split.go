// Package traffic has the terms in which requests are moved between the colours:
// weights and their split, the ladder of steps, gates, the record of what was
// decided and the ledger of releases. It moves nothing and asks nobody; package
// ops/traffic does, and the layer of balancers and names takes a split from here
// for its records.
package traffic

import (
	"encoding/json"
	"fmt"

	"github.com/cutover/cutover/shared/naming"
)

// MaxWeight is the highest weight of a record (Route 53 API reference,
// ResourceRecordSet, Weight).
const MaxWeight = 255

// Split is how the public name is divided: the weights of the records of both
// colours, 0 to MaxWeight. A colour's share is its part of the sum.
type Split struct {
	Blue  int `json:"blue"`
	Green int `json:"green"`
}

// All gives one colour everything.
func All(color naming.Color) Split {
	if color == naming.Blue {
		return Split{Blue: MaxWeight}
	}
	return Split{Green: MaxWeight}
}

// At gives green that many percent, 0 to 100.
func At(percent int) Split {
	switch percent {
	case 0:
		return All(naming.Blue)
	case 100:
		return All(naming.Green)
	default:
		return Split{Blue: 100 - percent, Green: percent}
	}
}

// Weight is the weight of one colour.
func (s Split) Weight(color naming.Color) int {
	if color == naming.Blue {
		return s.Blue
	}
	return s.Green
}

// Shut tells whether a colour gets no traffic. Its health check has to fail then:
// Route 53 answers records of weight 0 when all others are unhealthy (Route 53
// developer guide, "How Amazon Route 53 chooses records when health checking is
// configured").
func (s Split) Shut(color naming.Color) bool { return s.Weight(color) == 0 }

// Share is a colour's part of the requests, 0 to 1.
func (s Split) Share(color naming.Color) float64 {
	if s.Blue+s.Green == 0 {
		return 0
	}
	return float64(s.Weight(color)) / float64(s.Blue+s.Green)
}

// Percent is green's share in percent. exact is false when it is no whole number,
// which no step of a ladder is.
func (s Split) Percent() (percent int, exact bool) {
	sum := s.Blue + s.Green
	if sum == 0 {
		return 0, false
	}
	return s.Green * 100 / sum, s.Green*100%sum == 0
}

// Valid tells what is wrong with a split. That of two zeros is: Route 53 answers
// records that all have weight 0 alike.
func (s Split) Valid() error {
	for _, color := range naming.Colors() {
		if w := s.Weight(color); w < 0 || w > MaxWeight {
			return fmt.Errorf("weight of %s is %d: expected 0 to %d", color, w, MaxWeight)
		}
	}
	if s.Blue+s.Green == 0 {
		return fmt.Errorf("weights of both colours are 0: expected one above 0, since Route 53 answers both alike otherwise")
	}
	return nil
}

// Gains lists the colours whose share is higher in next than in s.
func (s Split) Gains(next Split) []naming.Color {
	var gains []naming.Color
	for _, color := range naming.Colors() {
		if next.Share(color) > s.Share(color) {
			gains = append(gains, color)
		}
	}
	return gains
}

// String writes shares and weights: "green 25 %, blue 75 % (weights 25 and 75)".
func (s Split) String() string {
	return fmt.Sprintf("green %s %%, blue %s %% (weights %d and %d)",
		percentText(s.Share(naming.Green)), percentText(s.Share(naming.Blue)), s.Green, s.Blue)
}

func percentText(share float64) string {
	if p := share * 100; p == float64(int(p)) {
		return fmt.Sprintf("%.0f", p)
	}
	return fmt.Sprintf("%.1f", share*100)
}

// Encode writes the split for ParseSplit.
func (s Split) Encode() (string, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("write split: %w", err)
	}
	return string(text), nil
}

// ParseSplit reads what Encode wrote, strictly.
func ParseSplit(text string) (Split, error) {
	var found struct {
		Blue  *int `json:"blue"`
		Green *int `json:"green"`
	}
	if err := json.Unmarshal([]byte(text), &found); err != nil || found.Blue == nil || found.Green == nil {
		return Split{}, fmt.Errorf(`split %q: expected JSON such as {"blue":255,"green":0}`, text)
	}
	s := Split{Blue: *found.Blue, Green: *found.Green}
	return s, s.Valid()
}
