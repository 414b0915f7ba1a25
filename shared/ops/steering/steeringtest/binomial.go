package steeringtest

import "math/big"

// digits is the precision, in bits, with which tails are summed: beyond it the
// interval is exact.
const digits = 512

// Binomial returns the smallest and the largest count of successes in n tries of
// probability p per cent that is not in a tail of alpha/2 or less on its side:
// the exact interval that holds a count with a probability of at least 1-alpha.
// alpha is in thousandths.
func Binomial(n, percent, alpha int) (low, high int) {
	switch percent {
	case 0:
		return 0, 0
	case 100:
		return n, n
	}
	half := ratio(alpha, 2000)
	low = tail(n, percent, half)
	return low, n - tail(n, 100-percent, half)
}

// tail is the smallest count k for which the probability of k or fewer exceeds a
// limit.
func tail(n, percent int, limit *big.Float) int {
	p, q := ratio(percent, 100), ratio(100-percent, 100)
	term := number(1)
	for range n {
		term.Mul(term, q) // the probability of none
	}
	odds := new(big.Float).Quo(p, q)
	sum := new(big.Float).Copy(term)
	k := 0
	for ; sum.Cmp(limit) <= 0 && k < n; k++ {
		term.Mul(term, odds).Mul(term, ratio(n-k, k+1))
		sum.Add(sum, term)
	}
	return k
}

func number(value int) *big.Float { return new(big.Float).SetPrec(digits).SetInt64(int64(value)) }

func ratio(a, b int) *big.Float { return new(big.Float).Quo(number(a), number(b)) }
