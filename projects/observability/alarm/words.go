package alarm

import (
	"fmt"
	"strconv"
	"strings"
)

// Words are the condition as people read it: what, how it is compared, for how long.
func (a Alarm) Words() string {
	return fmt.Sprintf("%s, %s", a.Condition.words(), a.span())
}

func (c Condition) words() string {
	what := c.Query
	if what == "" {
		what = c.Expression
		for _, term := range c.Terms {
			name := string(term.Series.Metric.Statistic) + " " + term.Series.Metric.Name
			if what == "" {
				what = name
				continue
			}
			if c.Expression != "" {
				what = reference.ReplaceAllStringFunc(what, func(used string) string {
					if used == term.ID {
						return term.Series.Metric.Name
					}
					return used
				})
			}
		}
	}
	if c.Band > 0 {
		return fmt.Sprintf("`%s` %s (%g deviations)", what, c.Comparison.words(), c.Band)
	}
	return fmt.Sprintf("`%s` %s %s", what, c.Comparison.words(), number(c.Threshold))
}

// number writes a threshold without an exponent.
func number(of float64) string {
	const kilo = 1024
	for _, unit := range []struct {
		size float64
		name string
	}{{kilo * kilo * kilo, " GiB"}, {kilo * kilo, " MiB"}} {
		if share := of / unit.size; of >= unit.size && share == float64(int64(share*10))/10 {
			return strconv.FormatFloat(share, 'f', -1, 64) + unit.name
		}
	}
	return strconv.FormatFloat(of, 'f', -1, 64)
}

func (a Alarm) span() string {
	period := fmt.Sprintf("%d min", a.Period/minPeriod)
	if a.Period >= hour {
		period = fmt.Sprintf("%d h", a.Period/hour)
	}
	if a.Points == a.Periods {
		if a.Periods == 1 {
			return "in " + period
		}
		return fmt.Sprintf("%d times in a row in %s", a.Periods, period)
	}
	return strings.Join([]string{strconv.Itoa(a.Points), "of", strconv.Itoa(a.Periods), "times in", period}, " ")
}
