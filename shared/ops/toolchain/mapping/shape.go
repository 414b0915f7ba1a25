package mapping

// Kinds of a value. Scalars have the names of Pulumi's schema types.
const (
	KindString  = "string"
	KindBoolean = "boolean"
	KindInteger = "integer"
	KindNumber  = "number"
	KindAny     = "any"
	KindObject  = "object"
	KindList    = "list"
	KindMap     = "map"
	KindAsset   = "asset"
	KindArchive = "archive"
)

// Shape is the kind of a value and, for lists, maps and objects, of what it
// holds. Required means that a program has to give a value.
type Shape struct {
	Kind     string           `json:"kind"`
	Elem     *Shape           `json:"elem"`
	Fields   map[string]Shape `json:"fields"`
	Required bool             `json:"required"`

	// expand reads the fields when they are asked for: some of the SDK's types
	// contain themselves (the statements of aws:wafv2).
	expand func() (map[string]Shape, error)
}

// members returns the fields of an object.
func (s Shape) members() (map[string]Shape, error) {
	if s.expand == nil {
		return s.Fields, nil
	}
	return s.expand()
}

// String names a shape for a message: "list of object".
func (s Shape) String() string {
	if s.Elem != nil {
		return s.Kind + " of " + s.Elem.String()
	}
	return s.Kind
}
