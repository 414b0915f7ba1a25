// Package diagram draws the layers and what they need as SVG, without any
// program besides this one. Equal layers give equal bytes.
package diagram

import (
	"fmt"
	"html"
	"strings"

	"github.com/cutover/cutover/shared/ops/dag"
)

// The measures of the drawing, in pixels.
const (
	boxWidth  = 150
	boxHeight = 44
	gapX      = 90
	gapY      = 34
	margin    = 24
	fontSize  = 14
)

// point is the upper left corner of a box.
type point struct{ x, y int }

// Layers draws a graph from left to right, a column per wave. A need that other
// needs imply is not drawn.
func Layers(title string, g *dag.Graph) string {
	waves := g.Waves()
	rows := 0
	for _, wave := range waves {
		rows = max(rows, len(wave))
	}
	width := 2*margin + len(waves)*boxWidth + (len(waves)-1)*gapX
	height := 2*margin + rows*boxHeight + (rows-1)*gapY
	places := place(waves, height)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" font-family="sans-serif" font-size="%d">`+"\n",
		width, height, width, height, fontSize)
	fmt.Fprintf(&b, "<title>%s</title>\n", html.EscapeString(title))
	b.WriteString(`<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">` +
		`<path d="M0 0L8 4L0 8z" fill="#555"/></marker></defs>` + "\n")
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height)
	for _, name := range g.Order() {
		for _, need := range direct(g, name) {
			arrow(&b, places[need], places[name])
		}
	}
	for _, name := range g.Order() {
		box(&b, name, places[name])
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// place puts each wave into a column, centered.
func place(waves [][]string, height int) map[string]point {
	places := map[string]point{}
	for column, wave := range waves {
		used := len(wave)*boxHeight + (len(wave)-1)*gapY
		top := (height - used) / 2
		for row, name := range wave {
			places[name] = point{margin + column*(boxWidth+gapX), top + row*(boxHeight+gapY)}
		}
	}
	return places
}

// direct lists the needs that no other need of the node implies.
func direct(g *dag.Graph, name string) []string {
	implied := map[string]bool{}
	for _, need := range g.Needs(name) {
		for _, up := range g.Upstream(need) {
			implied[up] = true
		}
	}
	var list []string
	for _, need := range g.Needs(name) {
		if !implied[need] {
			list = append(list, need)
		}
	}
	return list
}

func arrow(b *strings.Builder, from, to point) {
	x1, y1 := from.x+boxWidth, from.y+boxHeight/2
	x2, y2 := to.x, to.y+boxHeight/2
	bend := (x1 + x2) / 2
	fmt.Fprintf(b, `<path d="M%d %dC%d %d %d %d %d %d" fill="none" stroke="#555" stroke-width="1.5" marker-end="url(#tip)"/>`+"\n",
		x1, y1, bend, y1, bend, y2, x2, y2)
}

func box(b *strings.Builder, name string, at point) {
	fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" rx="6" fill="#eef4fb" stroke="#2b6cb0"/>`+"\n", at.x, at.y, boxWidth, boxHeight)
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle" dominant-baseline="central" fill="#1a202c">%s</text>`+"\n",
		at.x+boxWidth/2, at.y+boxHeight/2, html.EscapeString(name))
}
