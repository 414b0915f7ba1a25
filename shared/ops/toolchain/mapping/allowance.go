package mapping

import (
	"fmt"
	"strings"
)

// allowance says why differences at some paths of a token do no harm. A path
// may contain "**", which stands for one or more steps.
type allowance struct {
	reason string
	token  string
	paths  []string
}

// covers tells whether an allowance stands for a difference. It can only be one
// of what the plugin does not have, or of what it wants where the SDK does not:
// neither can make a value go astray. Another name or another kind can, and is
// never allowed.
func (a allowance) covers(d Difference) bool {
	if a.token != d.Token || !d.harmless() {
		return false
	}
	for _, pattern := range a.paths {
		if matches(pattern, d.Path) {
			return true
		}
	}
	return false
}

func (d Difference) harmless() bool {
	return d.Plugin == absent || (d.SDK == optionalValue && d.Plugin == requiredValue)
}

func matches(pattern, path string) bool {
	before, after, deep := strings.Cut(pattern, "**")
	if !deep {
		return pattern == path
	}
	rest, ok := strings.CutPrefix(path, before)
	between, ok2 := strings.CutSuffix(rest, after)
	return ok && ok2 && between != ""
}

// judge sorts differences into those that no allowance covers and the
// allowances' paths that cover none.
func judge(differences []Difference, allowances []allowance) (unknown []Difference, stale []string) {
	for _, d := range differences {
		if !covered(d, allowances) {
			unknown = append(unknown, d)
		}
	}
	for _, a := range allowances {
		for _, path := range a.paths {
			one := allowance{reason: a.reason, token: a.token, paths: []string{path}}
			if !coversAny(one, differences) {
				stale = append(stale, fmt.Sprintf("%s %s (%s)", a.token, path, a.reason))
			}
		}
	}
	return unknown, stale
}

func covered(d Difference, allowances []allowance) bool {
	for _, a := range allowances {
		if a.covers(d) {
			return true
		}
	}
	return false
}

func coversAny(a allowance, differences []Difference) bool {
	for _, d := range differences {
		if a.covers(d) {
			return true
		}
	}
	return false
}
