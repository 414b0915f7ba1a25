package drawing_test

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/observability/dashboard/drawing"
)

const text = `{"widgets":[
	{"type":"text","x":0,"y":0,"width":24,"height":1,"properties":{"markdown":"## Lanes & more"}},
	{"type":"alarm","x":0,"y":1,"width":12,"height":3,"properties":{"title":"Gate","alarms":["arn:aws:cloudwatch:us-east-1:1:alarm:one"]}},
	{"type":"metric","x":12,"y":1,"width":12,"height":6,"properties":{"title":"Lag","metrics":[
		["N","Hidden",{"visible":false,"label":"no","stat":"Sum"}],
		["N","LagSeconds","Lane","core.fwd",{"label":"forward","stat":"p99","color":"#1f77b4"}],
		[{"label":"share","expression":"100*m0"}]],
		"annotations":{"horizontal":[{"label":"lag-high","value":5}]}}}]}`

func TestAPictureHasEveryWidgetWithWhatItShows(t *testing.T) {
	picture, err := drawing.SVG("migration", text)
	require.NoError(t, err)
	for _, want := range []string{
		`width="1344" height="182"`, "Lanes &amp; more", "Gate", "● one", "Lag", "- - - lag-high: 5", `fill="#1f77b4">— forward  LagSeconds p99`, "— share  100*m0",
	} {
		require.Contains(t, picture, want)
	}
	require.NotContains(t, picture, "Hidden")
	decoder := xml.NewDecoder(strings.NewReader(picture))
	for err == nil {
		_, err = decoder.Token()
	}
	require.ErrorIs(t, err, io.EOF)
}

func TestTheSameBodyGivesTheSamePicture(t *testing.T) {
	one, err := drawing.SVG("migration", text)
	require.NoError(t, err)
	other, err := drawing.SVG("migration", text)
	require.NoError(t, err)
	require.Equal(t, one, other)
}

func TestWhatIsNoBodyIsAnError(t *testing.T) {
	_, err := drawing.SVG("migration", "{")
	require.ErrorContains(t, err, "draw dashboard migration")
}
