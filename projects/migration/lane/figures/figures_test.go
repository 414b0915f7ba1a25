package figures

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// worker is a contender that takes note of its turns.
func worker(name string, turns *[]string, check error) Contender {
	return Contender{
		Name:    name,
		Prepare: func(context.Context) error { *turns = append(*turns, "prepare "+name); return nil },
		Work: func(context.Context) (Values, error) {
			*turns = append(*turns, name)
			return Values{"rate": float64(10 * len(name))}, nil
		},
		Check: func(context.Context) error { return check },
	}
}

func TestContendersTakeTurns(t *testing.T) {
	var turns []string
	m := Measurement{Rounds: 3, Servers: []int{os.Getpid()}, Say: t.Logf}
	results, err := m.Of(t.Context(), worker("a", &turns, nil), worker("bb", &turns, nil))
	require.NoError(t, err)
	require.Equal(t, []string{"prepare a", "a", "prepare bb", "bb", "prepare bb", "bb", "prepare a", "a", "prepare a", "a", "prepare bb", "bb"}, turns)
	row := results.Compare(Row{ID: "P1", What: "copy", Unit: "rows/s", Target: 0.5}, "a", "bb", "rate")
	assert.Equal(t, Spread{Median: 0.5, Low: 0.5, High: 0.5, Count: 3}, row.Ratio)
	assert.Equal(t, "yes", row.Verdict())
}

func TestARunThatIsNotDoneIsVoid(t *testing.T) {
	different := errors.New("the sides differ")
	for name, contenders := range map[string]func(turns *[]string) []Contender{
		"ours": func(turns *[]string) []Contender {
			return []Contender{worker("ours", turns, different), worker("peer", turns, nil)}
		},
		"peers": func(turns *[]string) []Contender {
			return []Contender{worker("ours", turns, nil), worker("peer", turns, different)}
		},
		"unchecked": func(turns *[]string) []Contender {
			c := worker("ours", turns, nil)
			c.Check = nil
			return []Contender{c}
		},
	} {
		t.Run(name, func(t *testing.T) {
			var turns []string
			results, err := Measurement{Rounds: 2}.Of(t.Context(), contenders(&turns)...)
			require.ErrorIs(t, err, ErrVoid)
			require.Nil(t, results)
		})
	}
}

func TestWorkThatFailsIsNoFigure(t *testing.T) {
	_, err := Measurement{Rounds: 1}.Of(t.Context(), Contender{Name: "a", Work: func(context.Context) (Values, error) { return nil, errors.New("broken") }})
	require.ErrorContains(t, err, "round 1: a: broken")
}

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		row  Row
		want string
	}{
		{Row{Ratio: Spread{Median: 0.9}, Target: 0.85}, "yes"}, {Row{Ratio: Spread{Median: 0.8}, Target: 0.85}, "no"},
		{Row{Ratio: Spread{Median: 1.2}, Target: 1.25, AtMost: true}, "yes"}, {Row{Ratio: Spread{Median: 1.3}, Target: 1.25, AtMost: true}, "no"},
		{Row{Ratio: Of(nil), Target: 1}, "no"}, {Row{}, ""},
	} {
		assert.Equal(t, c.want, c.row.Verdict(), "%+v", c.row)
	}
}

func TestSpread(t *testing.T) {
	assert.Equal(t, Spread{Median: 3, Low: 2, High: 4, Count: 5}, Of([]float64{5, 1, 4, 2, 3}))
	assert.Equal(t, Spread{Median: 1.5, Low: 1.25, High: 1.75, Count: 2}, Of([]float64{2, 1}))
}

func TestALineIsFound(t *testing.T) {
	line := Fit([]float64{1, 2, 4, 8}, []float64{3, 5, 9, 17})
	assert.InDelta(t, 1, line.Fixed, 1e-9)
	assert.InDelta(t, 2, line.Each, 1e-9)
	assert.InDelta(t, 0, line.Off, 1e-9)
	assert.Greater(t, Fit([]float64{1, 2, 4, 8}, []float64{1, 4, 16, 64}).Off, 0.3, "a square is no line")
}

func TestTheTableHasAllRowsInOrder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "figures")
	one := Of([]float64{1})
	require.NoError(t, Write(folder, Row{ID: "P13", Against: "idle", Ours: one, Peer: one, Ratio: one}))
	require.NoError(t, Write(folder, Row{ID: "P2", What: "wall | time", Against: "pgcopydb", Ours: one, Peer: one, Ratio: one, Target: 0.9},
		Row{ID: "P2", Against: "pg_dump", Ours: one, Peer: one, Ratio: one}))
	require.NoError(t, Write(folder, Row{ID: "P2", Against: "pg_dump", Ours: one, Peer: one, Ratio: one, Note: "anew"}))
	rows, err := Read(folder)
	require.NoError(t, err)
	require.Len(t, rows, 3)
	text, err := os.ReadFile(filepath.Join(folder, tableFile))
	require.NoError(t, err)
	assert.Regexp(t, `(?s)\| P2 \|.*anew.*\| P2 \| wall \\\| time.*≥ 0.9 \| yes.*\| P13 \|`, string(text))
}

// What children use counts when they have ended.
func TestProcessorsOfTheFamilyAreCounted(t *testing.T) {
	before, err := used(nil)
	require.NoError(t, err)
	require.NoError(t, exec.CommandContext(t.Context(), "sh", "-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done").Run())
	after, err := used(nil)
	require.NoError(t, err)
	require.Greater(t, after.client, before.client)
	_, err = used([]int{1 << 30})
	require.Error(t, err, "no such process")
}

func TestAProgramThatIsNotHereIsNamed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := Tool(t.Context(), "pgcopydb", t.TempDir(), false)
	require.ErrorIs(t, err, ErrAbsent)
	require.ErrorContains(t, err, "install Debian's package pgcopydb")
	folder := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "usr", "bin"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "usr", "bin", "pgcopydb"), nil, 0o700))
	path, err := Tool(t.Context(), "pgcopydb", folder, false)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(folder, "usr", "bin", "pgcopydb"), path)
}
