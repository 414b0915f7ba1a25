package steeringtest

// Record is one weighted record as a resolver sees it.
type Record struct {
	SetIdentifier string
	Weight        int
	Healthy       bool
}

// Answer chooses among the weighted records of one name as Route 53 does: by
// weight among the healthy ones; those of weight 0 only when every other is
// unhealthy; all alike when all weights are 0; and as if all were healthy when
// none is (Route 53 developer guide, "How Amazon Route 53 chooses records when
// health checking is configured" and "Weighted routing"). random returns a number
// from 0 to below n.
func Answer(records []Record, random func(n int) int) (setIdentifier string, ok bool) {
	heavy, light := split(records)
	for _, candidates := range [][]Record{healthy(heavy), healthy(light), heavy, light} {
		if len(candidates) > 0 {
			return draw(candidates, random), true
		}
	}
	return "", false
}

// split tells records with a weight from those of weight 0.
func split(records []Record) (heavy, light []Record) {
	for _, r := range records {
		if r.Weight > 0 {
			heavy = append(heavy, r)
		} else {
			light = append(light, r)
		}
	}
	return heavy, light
}

func healthy(records []Record) []Record {
	var found []Record
	for _, r := range records {
		if r.Healthy {
			found = append(found, r)
		}
	}
	return found
}

// draw draws by weight, or alike where all weights are 0.
func draw(records []Record, random func(n int) int) string {
	sum := 0
	for _, r := range records {
		sum += r.Weight
	}
	if sum == 0 {
		return records[random(len(records))].SetIdentifier
	}
	at := random(sum)
	for _, r := range records {
		if at -= r.Weight; at < 0 {
			return r.SetIdentifier
		}
	}
	return records[len(records)-1].SetIdentifier
}
