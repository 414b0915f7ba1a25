// Package drawing draws the body of a CloudWatch dashboard as an SVG picture, for
// reviews: every widget in its place on the grid, with its title, the lines that it
// would show and the thresholds of its alarms. It draws no values, since there are
// none; the same body always gives the same picture.
package drawing

import (
	"encoding/json"
	"fmt"
	"html"
	"strings"
)

// Sizes in pixels.
const (
	cellWidth  = 56
	cellHeight = 26
	gap        = 3
	padding    = 8
	line       = 12
	headline   = 15
	// character is the width of one in the small type.
	character = 5.6
)

// body is what CloudWatch reads of a dashboard.
type body struct {
	Widgets []widget
}

type widget struct {
	Type                string
	X, Y, Width, Height int
	Properties          struct {
		Title       string
		Markdown    string
		Alarms      []string
		Metrics     [][]any
		Annotations struct {
			Horizontal []struct {
				Label string
				Value float64
			}
		}
	}
}

// SVG draws the dashboard that the body describes.
func SVG(title, text string) (string, error) {
	var parsed body
	if err := json.Unmarshal([]byte(text), &parsed); err != nil {
		return "", fmt.Errorf("draw dashboard %s: %w", title, err)
	}
	width, height := 0, 0
	for _, w := range parsed.Widgets {
		width, height = max(width, (w.X+w.Width)*cellWidth), max(height, (w.Y+w.Height)*cellHeight)
	}
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="Helvetica, Arial, sans-serif" font-size="10">`+"\n", width, height)
	fmt.Fprintf(&out, "<title>%s</title>\n", html.EscapeString(title))
	out.WriteString(`<rect width="100%" height="100%" fill="#f2f3f3"/>` + "\n")
	for _, w := range parsed.Widgets {
		w.draw(&out)
	}
	out.WriteString("</svg>\n")
	return out.String(), nil
}

func (w widget) draw(out *strings.Builder) {
	x, y := w.X*cellWidth+gap, w.Y*cellHeight+gap
	width, height := w.Width*cellWidth-2*gap, w.Height*cellHeight-2*gap
	fill := "#ffffff"
	if w.Type == "text" {
		fill = "#f2f3f3"
	}
	fmt.Fprintf(out, `<g><rect x="%d" y="%d" width="%d" height="%d" rx="2" fill="%s" stroke="#d5dbdb"/>`+"\n", x, y, width, height, fill)
	room := int(float64(width-2*padding) / character)
	at := y + padding + headline/2
	for i, row := range w.rows() {
		if at > y+height-gap {
			break
		}
		weight := ""
		if i == 0 {
			weight = ` font-weight="bold"`
		}
		fmt.Fprintf(out, `<text x="%d" y="%d"%s fill="%s">%s</text>`+"\n", x+padding, at, weight, row.color, html.EscapeString(cut(row.text, room)))
		at += line
	}
	out.WriteString("</g>\n")
}

// row is a line of text.
type row struct{ text, color string }

const (
	ink   = "#16191f"
	faint = "#545b64"
	alarm = "#d62728"
)

// rows are what the widget says, the title first, thresholds before lines so that
// they are always seen.
func (w widget) rows() []row {
	switch w.Type {
	case "text":
		var rows []row
		for text := range strings.Lines(w.Properties.Markdown) {
			rows = append(rows, row{strings.TrimLeft(strings.TrimSpace(text), "# "), ink})
		}
		return rows
	case "alarm":
		rows := []row{{w.Properties.Title, ink}}
		for _, arn := range w.Properties.Alarms {
			rows = append(rows, row{"● " + arn[strings.LastIndex(arn, ":")+1:], faint})
		}
		return rows
	}
	rows := []row{{w.Properties.Title, ink}}
	for _, mark := range w.Properties.Annotations.Horizontal {
		rows = append(rows, row{fmt.Sprintf("- - - %s: %g", mark.Label, mark.Value), alarm})
	}
	for _, metric := range w.Properties.Metrics {
		if text, color := legend(metric); text != "" {
			rows = append(rows, row{text, color})
		}
	}
	return rows
}

// legend is how a line is called, with what it measures; hidden lines have none.
func legend(metric []any) (text, color string) {
	show, _ := metric[len(metric)-1].(map[string]any)
	if show["visible"] == false {
		return "", ""
	}
	color = faint
	if paint, painted := show["color"].(string); painted {
		color = paint
	}
	label, _ := show["label"].(string)
	if expression, computed := show["expression"].(string); computed {
		return strings.TrimSpace("— " + label + "  " + expression), color
	}
	return fmt.Sprintf("— %s  %v %v", label, metric[1], show["stat"]), color
}

// cut shortens a text to as many characters as there is room for.
func cut(text string, room int) string {
	letters := []rune(text)
	if len(letters) <= room {
		return text
	}
	return string(letters[:max(room-1, 0)]) + "…"
}
