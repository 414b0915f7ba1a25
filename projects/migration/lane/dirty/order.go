package dirty

import (
	"cmp"
	"math"
	"strconv"
	"strings"
)

// comparator orders canonical texts of a type as every server orders its values.
// It is asked only for types of which relation.Column.EngineOrder holds.
func comparator(typeName string) func(a, b string) int {
	switch typeName {
	case "smallint", "integer", "bigint":
		return func(a, b string) int { return cmp.Compare(integer(a), integer(b)) }
	case "date", "timestamp without time zone", "timestamp with time zone":
		return func(a, b string) int {
			ya, ra := moment(a)
			yb, rb := moment(b)
			return cmp.Or(cmp.Compare(ya, yb), strings.Compare(ra, rb))
		}
	default: // uuid and bytea in hexadecimal digits, text in the order of its bytes
		return strings.Compare
	}
}

// integer reads a canonical integer. What comes from the stream or a catalog
// column of an integer type is one.
func integer(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return math.MinInt64
	}
	return n
}

// moment divides the canonical text of a date or a time at UTC into its year,
// counted through the change of eras, and a rest that orders as text: fields of
// fixed width, then a fraction without zeros at its end. A fraction begins with a
// point and a zone with a plus, which comes before it.
func moment(text string) (year int64, rest string) {
	switch text {
	case "infinity":
		return math.MaxInt64, ""
	case "-infinity":
		return math.MinInt64, ""
	}
	text, old := strings.CutSuffix(text, " BC")
	number, rest, _ := strings.Cut(text, "-")
	year = integer(number)
	if old {
		year = 1 - year // the year before 1 is 1 BC
	}
	return year, rest
}
