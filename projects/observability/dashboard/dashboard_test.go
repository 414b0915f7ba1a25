package dashboard_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/cutover/cutover/projects/observability/dashboard"
	"github.com/cutover/cutover/shared/metrics"
)

func line(t require.TestingT, id string) dashboard.Line {
	series, err := metrics.Requests.At("app/one/1")
	require.NoError(t, err)
	return dashboard.Line{ID: id, Label: id, Series: series}
}

func graph(width int, lines ...dashboard.Line) dashboard.Graph {
	return dashboard.Graph{Width: width, Height: 6, Title: "Requests", View: dashboard.Lines, Period: 60, Lines: lines}
}

func board(rows ...[]dashboard.Widget) dashboard.Dashboard {
	return dashboard.Dashboard{Region: "us-east-1", Rows: rows}
}

func TestBodyIsWhatCloudWatchReads(t *testing.T) {
	hidden := line(t, "m0")
	hidden.Hidden = true
	share := dashboard.Line{ID: "e0", Label: "share", Color: "#1f77b4", Expression: dashboard.Share("m0", "m0")}
	body, err := board(
		[]dashboard.Widget{dashboard.Text{Width: 24, Height: 2, Markdown: "# Title"}},
		[]dashboard.Widget{graph(12, hidden, share), graph(12, line(t, ""))},
	).Body()
	require.NoError(t, err)
	require.JSONEq(t, `{"start":"-PT3H","periodOverride":"inherit","widgets":[
	  {"type":"text","x":0,"y":0,"width":24,"height":2,"properties":{"markdown":"# Title"}},
	  {"type":"metric","x":0,"y":2,"width":12,"height":6,"properties":{"title":"Requests","view":"timeSeries","stacked":false,"region":"us-east-1","period":60,"metrics":[
	    ["AWS/ApplicationELB","RequestCount","LoadBalancer","app/one/1",{"id":"m0","label":"m0","region":"us-east-1","stat":"Sum","visible":false}],
	    [{"id":"e0","label":"share","color":"#1f77b4","region":"us-east-1","expression":"100*FILL(m0,0)/(FILL(m0,0))"}]]}},
	  {"type":"metric","x":12,"y":2,"width":12,"height":6,"properties":{"title":"Requests","view":"timeSeries","stacked":false,"region":"us-east-1","period":60,"metrics":[
	    ["AWS/ApplicationELB","RequestCount","LoadBalancer","app/one/1",{"region":"us-east-1","stat":"Sum"}]]}}]}`, body)
}

func TestWhatCloudWatchRefusesIsRefusedBefore(t *testing.T) {
	badColor, both, unknown := line(t, "m0"), line(t, "m0"), dashboard.Line{Expression: "m0+m7"}
	badColor.Color, both.Expression = "blue", "1"
	short := graph(12, line(t, ""))
	short.Period = 30
	many := make([]dashboard.Widget, 0, dashboard.MaxWidgets+1)
	for range dashboard.MaxWidgets + 1 {
		many = append(many, graph(1, line(t, "")))
	}
	for name, each := range map[string]struct {
		board dashboard.Dashboard
		want  string
	}{
		"no widgets":         {board(), "has 0 widgets, expected 1 to 500"},
		"too many widgets":   {board(many), "has 501 widgets, expected 1 to 500"},
		"too wide a row":     {board([]dashboard.Widget{graph(12, line(t, "")), graph(13, line(t, ""))}), "row 0: is 25 cells wide: expected at most 24"},
		"too wide a widget":  {board([]dashboard.Widget{graph(25, line(t, ""))}), "widget of 25 x 6 cells"},
		"no lines":           {board([]dashboard.Widget{graph(12)}), "has 0 lines, expected 1 to 500"},
		"unknown id":         {board([]dashboard.Widget{graph(12, line(t, "m0"), unknown)}), `uses "m7", which is no line's id`},
		"id twice":           {board([]dashboard.Widget{graph(12, line(t, "m0"), line(t, "m0"))}), `line 1: id "m0", expected a unique one`},
		"id in capitals":     {board([]dashboard.Widget{graph(12, line(t, "M0"))}), `id "M0"`},
		"colour by name":     {board([]dashboard.Widget{graph(12, badColor)}), `colour "blue", expected a form like #1f77b4`},
		"metric and formula": {board([]dashboard.Widget{graph(12, both)}), "expected either a metric or an expression"},
		"neither":            {board([]dashboard.Widget{graph(12, dashboard.Line{})}), "expected either a metric or an expression"},
		"short period":       {board([]dashboard.Widget{short}), "period of 30 s, expected a multiple of 60"},
		"empty text":         {board([]dashboard.Widget{dashboard.Text{Width: 1, Height: 1}}), "text widget: is empty"},
		"too long a body":    {board([]dashboard.Widget{dashboard.Text{Width: 1, Height: 1, Markdown: strings.Repeat("x", dashboard.MaxBody)}}), "bytes, expected at most"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := each.board.Body()
			require.ErrorContains(t, err, each.want)
		})
	}
}

// No two widgets of a dashboard that is accepted share a cell, and none leaves
// the grid.
func TestWidgetsNeverOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows [][]dashboard.Widget
		for range rapid.IntRange(1, 6).Draw(t, "rows") {
			var row []dashboard.Widget
			for range rapid.IntRange(1, 5).Draw(t, "widgets") {
				widget := graph(rapid.IntRange(1, 12).Draw(t, "width"), line(t, ""))
				widget.Height = rapid.IntRange(1, 9).Draw(t, "height")
				row = append(row, widget)
			}
			rows = append(rows, row)
		}
		body, err := board(rows...).Body()
		if err != nil {
			require.ErrorContains(t, err, "cells wide")
			return
		}
		var parsed struct {
			Widgets []struct{ X, Y, Width, Height int }
		}
		require.NoError(t, json.Unmarshal([]byte(body), &parsed))
		taken := make(map[[2]int]bool)
		for _, w := range parsed.Widgets {
			require.LessOrEqual(t, w.X+w.Width, dashboard.Columns)
			for x := w.X; x < w.X+w.Width; x++ {
				for y := w.Y; y < w.Y+w.Height; y++ {
					require.False(t, taken[[2]int{x, y}], "cell %d,%d", x, y)
					taken[[2]int{x, y}] = true
				}
			}
		}
	})
}
