package evaluate

import (
	"cmp"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// test is what an operator does with one value of the policy and one of the
// request.
type test struct {
	negated bool
	// variables are filled into operands of texts and ARNs only.
	variables bool
	matches   func(want pattern, value string) (bool, error)
}

// tests are the operators without Null. Binary operators are left out: no key of
// ours is binary.
var tests = map[string]test{
	"StringEquals":              {variables: true, matches: text(pattern.equals)},
	"StringNotEquals":           {variables: true, negated: true, matches: text(pattern.equals)},
	"StringEqualsIgnoreCase":    {variables: true, matches: text(equalFold)},
	"StringNotEqualsIgnoreCase": {variables: true, negated: true, matches: text(equalFold)},
	"StringLike":                {variables: true, matches: text(pattern.like)},
	"StringNotLike":             {variables: true, negated: true, matches: text(pattern.like)},
	"ArnEquals":                 {variables: true, matches: arn},
	"ArnLike":                   {variables: true, matches: arn},
	"ArnNotEquals":              {variables: true, negated: true, matches: arn},
	"ArnNotLike":                {variables: true, negated: true, matches: arn},
	"NumericEquals":             {matches: number(func(c int) bool { return c == 0 })},
	"NumericNotEquals":          {negated: true, matches: number(func(c int) bool { return c == 0 })},
	"NumericLessThan":           {matches: number(func(c int) bool { return c < 0 })},
	"NumericLessThanEquals":     {matches: number(func(c int) bool { return c <= 0 })},
	"NumericGreaterThan":        {matches: number(func(c int) bool { return c > 0 })},
	"NumericGreaterThanEquals":  {matches: number(func(c int) bool { return c >= 0 })},
	"DateEquals":                {matches: date(func(c int) bool { return c == 0 })},
	"DateNotEquals":             {negated: true, matches: date(func(c int) bool { return c == 0 })},
	"DateLessThan":              {matches: date(func(c int) bool { return c < 0 })},
	"DateLessThanEquals":        {matches: date(func(c int) bool { return c <= 0 })},
	"DateGreaterThan":           {matches: date(func(c int) bool { return c > 0 })},
	"DateGreaterThanEquals":     {matches: date(func(c int) bool { return c >= 0 })},
	"Bool":                      {matches: truth},
	"IpAddress":                 {matches: address},
	"NotIpAddress":              {negated: true, matches: address},
}

func text(compare func(pattern, string) bool) func(pattern, string) (bool, error) {
	return func(want pattern, value string) (bool, error) { return compare(want, value), nil }
}

func equalFold(want pattern, value string) bool { return strings.EqualFold(want.plain(), value) }

// arn compares part by part; ArnEquals and ArnLike behave the same.
func arn(want pattern, value string) (bool, error) {
	if !want.isARN() {
		return false, fmt.Errorf("%q is not an ARN", want.plain())
	}
	return want.matchesARN(value), nil
}

// number compares the request's value with the policy's: the sign is that of
// value against want.
func number(holds func(int) bool) func(pattern, string) (bool, error) {
	return func(want pattern, value string) (bool, error) {
		limit, err := strconv.ParseFloat(want.plain(), 64)
		if err != nil {
			return false, fmt.Errorf("policy value %q is not a number", want.plain())
		}
		given, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return false, fmt.Errorf("request value %q is not a number", value)
		}
		return holds(cmp.Compare(given, limit)), nil
	}
}

func date(holds func(int) bool) func(pattern, string) (bool, error) {
	return func(want pattern, value string) (bool, error) {
		limit, err := instant(want.plain())
		if err != nil {
			return false, err
		}
		given, err := instant(value)
		if err != nil {
			return false, err
		}
		return holds(given.Compare(limit)), nil
	}
}

// instant reads ISO 8601 or seconds since 1970.
func instant(value string) (time.Time, error) {
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		return time.Unix(seconds, 0), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z", time.DateOnly} {
		if parsed, err := time.Parse(layout, value); err == nil {
			return parsed, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a date", value)
}

func truth(want pattern, value string) (bool, error) {
	wanted, err := boolean(want.plain())
	if err != nil {
		return false, err
	}
	given, err := boolean(value)
	return given == wanted, err
}

func boolean(value string) (bool, error) {
	switch strings.ToLower(value) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither true nor false", value)
}

func address(want pattern, value string) (bool, error) {
	network, err := netip.ParsePrefix(want.plain())
	if err != nil {
		single, failed := netip.ParseAddr(want.plain())
		if failed != nil {
			return false, fmt.Errorf("policy value %q is no address and no network", want.plain())
		}
		network = netip.PrefixFrom(single, single.BitLen())
	}
	given, err := netip.ParseAddr(value)
	if err != nil {
		return false, fmt.Errorf("request value %q is no address", value)
	}
	return network.Contains(given), nil
}
