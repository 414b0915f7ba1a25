package mapping

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sdkSource is an excerpt in the form in which Pulumi generates its SDK.
const sdkSource = `package things

func NewThing(ctx *pulumi.Context, name string, args *ThingArgs, opts ...pulumi.ResourceOption) (*Thing, error) {
	var resource Thing
	err := ctx.RegisterResource("aws:things/thing:Thing", name, args, &resource, opts...)
	return &resource, err
}

type Thing struct{ pulumi.CustomResourceState }

type thingArgs struct {
	Name    *string           ` + "`pulumi:\"name\"`" + `
	Rules   []ThingRule       ` + "`pulumi:\"rules\"`" + `
	Tags    map[string]string ` + "`pulumi:\"tags\"`" + `
	Policy  interface{}       ` + "`pulumi:\"policy\"`" + `
	Code    pulumi.Archive    ` + "`pulumi:\"code\"`" + `
	Kind    string            ` + "`pulumi:\"kind\"`" + `
	Mode    *ThingMode        ` + "`pulumi:\"mode\"`" + `
}

type ThingArgs struct{}

func (ThingArgs) ElementType() reflect.Type { return reflect.TypeOf((*thingArgs)(nil)).Elem() }

type thingState struct {
	Arn *string ` + "`pulumi:\"arn\"`" + `
}

type ThingState struct{}

func (ThingState) ElementType() reflect.Type { return reflect.TypeOf((*thingState)(nil)).Elem() }

type ThingMode string

type ThingRule struct {
	Count int        ` + "`pulumi:\"count\"`" + `
	Inner *ThingRule ` + "`pulumi:\"inner\"`" + `
}
`

const providerSource = `package aws

type ProviderArgs struct{}

type providerArgs struct {
	Region *string ` + "`pulumi:\"region\"`" + `
}

func (ProviderArgs) ElementType() reflect.Type { return reflect.TypeOf((*providerArgs)(nil)).Elem() }
`

const thing = "aws:things/thing:Thing"

func fakeSDK(t *testing.T) *SDK {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "things"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "things", "thing.go"), []byte(sdkSource), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "provider.go"), []byte(providerSource), 0o644))
	return &SDK{dir: dir, packages: map[string]*sdkPackage{}}
}

func scalar(kind string) Shape { return Shape{Kind: kind} }

func list(element Shape) Shape { return Shape{Kind: KindList, Elem: &element} }

func object(fields map[string]Shape) Shape { return Shape{Kind: KindObject, Fields: fields} }

// agreeing is a plugin that says what sdkSource says, with rules of two levels.
func agreeing() Plugin {
	inner := object(map[string]Shape{"count": scalar(KindInteger)})
	text := scalar(KindString)
	return Plugin{
		Provider: map[string]Shape{"region": text},
		Resources: map[string]Resource{thing: {
			Terraform: "aws_thing",
			HasID:     true,
			Inputs: map[string]Shape{
				"name": text, "policy": text, "mode": text, "code": scalar(KindArchive),
				"kind":  {Kind: KindString, Required: true},
				"tags":  {Kind: KindMap, Elem: &text},
				"rules": list(object(map[string]Shape{"count": scalar(KindInteger), "inner": inner})),
			},
			Outputs: map[string]Shape{"arn": text, "id": text},
		}},
	}
}

// endless is what sdkSource has and no finite plugin can have.
const endless = "rules[].inner.inner"

func TestAgreementIsFound(t *testing.T) {
	differences, err := Compare(agreeing(), fakeSDK(t))

	require.NoError(t, err)
	require.Len(t, differences, 1)
	assert.Equal(t, endless, differences[0].Path)
}

func TestEachKindOfDisagreementIsNamedWithPathAndBothSides(t *testing.T) {
	cases := map[string]struct {
		spoil func(*Plugin)
		want  Difference
	}{
		"a name that the plugin does not know": {
			func(p *Plugin) { delete(p.Resources[thing].Inputs, "name") },
			Difference{thing, SideArguments, "name", KindString, absent},
		},
		"a name that the SDK does not know": {
			func(p *Plugin) { p.Resources[thing].Outputs["url"] = scalar(KindString) },
			Difference{thing, SideOutputs, "url", absent, KindString},
		},
		"a list against a single value": {
			func(p *Plugin) { p.Resources[thing].Inputs["rules"] = object(nil) },
			Difference{thing, SideArguments, "rules", "list of object", KindObject},
		},
		"a scalar in a nested type": {
			func(p *Plugin) { p.Resources[thing].Inputs["rules"].Elem.Fields["count"] = scalar(KindString) },
			Difference{thing, SideArguments, "rules[].count", KindInteger, KindString},
		},
		"the elements of a map": {
			func(p *Plugin) { *p.Resources[thing].Inputs["tags"].Elem = scalar(KindBoolean) },
			Difference{thing, SideArguments, "tags.*", KindString, KindBoolean},
		},
		"a file against an archive": {
			func(p *Plugin) { p.Resources[thing].Inputs["code"] = scalar(KindString) },
			Difference{thing, SideArguments, "code", KindArchive, KindString},
		},
		"an object where the SDK takes anything": {
			func(p *Plugin) { p.Resources[thing].Inputs["policy"] = object(nil) },
			Difference{thing, SideArguments, "policy", KindAny, KindObject},
		},
		"a value that only the plugin requires": {
			func(p *Plugin) { p.Resources[thing].Inputs["name"] = Shape{Kind: KindString, Required: true} },
			Difference{thing, SideArguments, "name", optionalValue, requiredValue},
		},
		"a resource without an id": {
			func(p *Plugin) { r := p.Resources[thing]; r.HasID = false; p.Resources[thing] = r },
			Difference{thing, SideOutputs, "id", KindString, "no id attribute, nor one composed from others"},
		},
		"a token that the SDK does not have": {
			func(p *Plugin) { p.Resources["aws:things/other:Other"] = Resource{Terraform: "aws_other"} },
			Difference{"aws:things/other:Other", SideOutputs, "", absent, "aws_other"},
		},
		"a setting of the provider": {
			func(p *Plugin) { p.Provider["region"] = list(scalar(KindString)) },
			Difference{"provider", SideProvider, "region", KindString, "list of string"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			plugin := agreeing()
			c.spoil(&plugin)

			differences, err := Compare(plugin, fakeSDK(t))

			require.NoError(t, err)
			assert.Contains(t, differences, c.want)
		})
	}
}

func TestWhatCannotBeReadIsAnError(t *testing.T) {
	sdk := fakeSDK(t)
	require.NoError(t, os.WriteFile(filepath.Join(sdk.dir, "things", "more.go"), []byte("package things\n\ntype thingState struct {\n\tOther *unknown `pulumi:\"other\"`\n}\n"), 0o644))
	require.NoError(t, os.Rename(filepath.Join(sdk.dir, "things", "more.go"), filepath.Join(sdk.dir, "things", "zzz.go")))

	_, err := Compare(agreeing(), sdk)

	assert.ErrorContains(t, err, "property other: the SDK's package has no type unknown")
}

func TestAllowancesNeverCoverAnotherNameOrKind(t *testing.T) {
	harmless := Difference{thing, SideArguments, "name", KindString, absent}
	renamed := Difference{thing, SideArguments, "name", absent, KindString}
	another := Difference{thing, SideArguments, "name", "list of string", KindString}
	elsewhere := Difference{"aws:things/other:Other", SideArguments, "name", KindString, absent}

	unknown, stale := judge([]Difference{harmless, renamed, another, elsewhere}, []allowance{{newer, thing, []string{"name"}}})

	assert.Equal(t, []Difference{renamed, another, elsewhere}, unknown)
	assert.Empty(t, stale)
}

func TestAllowanceThatCoversNothingIsStale(t *testing.T) {
	harmless := Difference{thing, SideArguments, "name", KindString, absent}

	_, stale := judge([]Difference{harmless}, []allowance{{newer, thing, []string{"name", "gone"}}})

	assert.Equal(t, []string{thing + " gone (" + newer + ")"}, stale)
}

func TestTwoStarsStandForOneStepOrMore(t *testing.T) {
	const pattern = "rules[].**.leaf"
	assert.True(t, matches(pattern, "rules[].a.leaf"))
	assert.True(t, matches(pattern, "rules[].a.b[].leaf"))
	assert.False(t, matches(pattern, "rules[].leaf"))
	assert.False(t, matches(pattern, "other[].a.leaf"))
	assert.False(t, matches(pattern, "rules[].a.other"))
}
