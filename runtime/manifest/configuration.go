package manifest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

// Kind is the type of a configuration property.
type Kind string

// The kinds.
const (
	String  Kind = "string"
	Number  Kind = "number"
	Boolean Kind = "boolean"
	Array   Kind = "array"
	Object  Kind = "object"
)

// Configuration describes the values that an administrator sets for an
// extension. A nil *Configuration has no properties.
type Configuration struct {
	Title      string     `json:"title"`
	Properties Properties `json:"properties"`
}

// Properties are sorted by their order, then as they are declared.
type Properties []Property

// Property is one value, or a part of one.
type Property struct {
	Name               string            `json:"-"`
	Type               Kind              `json:"type"`
	Default            json.RawMessage   `json:"default,omitempty"` // nil when there is none
	Description        string            `json:"description,omitempty"`
	Enum               []json.RawMessage `json:"enum,omitempty"`
	EnumDescriptions   []string          `json:"enumDescriptions,omitempty"`
	Minimum            *float64          `json:"minimum,omitempty"` // of a number
	Maximum            *float64          `json:"maximum,omitempty"` // of a number
	Items              *Property         `json:"items,omitempty"`   // of an array; nil is anything
	Properties         Properties        `json:"properties,omitempty"`
	Order              *int              `json:"order,omitempty"`
	DeprecationMessage string            `json:"deprecationMessage,omitempty"`

	enum []any // Enum, as values are compared with it
}

// Lookup finds a property.
func (ps Properties) Lookup(name string) (Property, bool) {
	i := slices.IndexFunc(ps, func(p Property) bool { return p.Name == name })
	if i < 0 {
		return Property{}, false
	}
	return ps[i], true
}

// MarshalJSON writes the object of the manifest.
func (ps Properties) MarshalJSON() ([]byte, error) {
	o := &object{fields: make(map[string]any, len(ps))}
	for _, p := range ps {
		o.keys = append(o.keys, p.Name)
		o.fields[p.Name] = p
	}
	return o.MarshalJSON()
}

func readConfiguration(v value) *Configuration {
	if !v.object(false, "title", "properties") {
		return nil
	}
	return &Configuration{
		Title:      v.at("title").text(label),
		Properties: readProperties(v.at("properties"), true),
	}
}

func readProperties(v value, required bool) Properties {
	if !v.set && !required {
		return nil
	}
	if v.s != nil {
		readProperty(v.each(required))
		return nil
	}
	o, ok := v.v.(*object)
	if !ok {
		v.fail(missingOr(v, "Must be an object"), "an object of properties")
		return nil
	}
	var ps Properties
	for _, name := range o.keys {
		p := readProperty(v.at(name))
		p.Name = name
		if name == "" || !isPlain(name, false) {
			v.at(name).fail("Invalid name of a property", "a name without control characters")
		}
		ps = append(ps, p)
	}
	slices.SortStableFunc(ps, func(a, b Property) int {
		return cmp.Compare(a.order(), b.order())
	})
	return ps
}

// order puts properties without one last.
func (p Property) order() int {
	if p.Order == nil {
		return math.MaxInt
	}
	return *p.Order
}

func readProperty(v value) Property {
	if v.s.defined(&v, "property") {
		return Property{}
	}
	if !v.object(true, "type", "default", "description", "enum", "enumDescriptions", "minimum", "maximum",
		"items", "properties", "order", "deprecationMessage") {
		return Property{}
	}
	p := Property{
		Type:               Kind(v.at("type").text(text{required: true, enum: []string{"string", "number", "boolean", "array", "object"}})),
		Default:            v.at("default").raw(),
		Description:        v.at("description").text(text{multi: true}),
		EnumDescriptions:   v.at("enumDescriptions").texts(text{multi: true}),
		Minimum:            v.at("minimum").number(),
		Maximum:            v.at("maximum").number(),
		Properties:         readProperties(v.at("properties"), false),
		Order:              v.at("order").integer(math.MinInt32, math.MaxInt32),
		DeprecationMessage: v.at("deprecationMessage").text(text{multi: true}),
	}
	for _, allowed := range v.at("enum").list(false) {
		p.Enum = append(p.Enum, allowed.raw())
		p.enum = append(p.enum, allowed.v)
	}
	if items := v.at("items"); items.set {
		item := readProperty(items)
		p.Items = &item
	}
	p.warnings(v)
	return p
}

// warnings says what an author probably did not mean. None of it keeps the
// extension from running.
func (p Property) warnings(v value) {
	if v.at("deprecationMessage").set {
		v.r.warn(v.path, "Deprecated property: "+p.DeprecationMessage)
	}
	if p.Minimum != nil && p.Maximum != nil && *p.Minimum > *p.Maximum {
		v.r.warn(v.path, "No number is at least the minimum and at most the maximum")
	}
	if n := len(p.EnumDescriptions); n > 0 && n != len(p.Enum) {
		v.r.warn(join(v.path, "enumDescriptions"), fmt.Sprintf("Describes %d of %d values", n, len(p.Enum)))
	}
	if d := v.at("default"); d.set {
		c := checker{}
		c.check(p, d.path, d.v)
		for _, issue := range c.issues {
			v.r.warn(issue.Path, "The default is not a valid value: "+issue.Message)
		}
	}
}

// Validate says what is wrong with values, a JSON object from the names of
// properties to what an administrator set. Names that the manifest does not
// declare are wrong, and so is null: what is not set is left out.
func (c *Configuration) Validate(values []byte) []Issue {
	check := checker{}
	tree, ok := decode(values, check.fail)
	if ok {
		check.object(c.properties(), "", tree)
	}
	return check.issues
}

// WithDefaults returns a JSON object with one value for each property, in their
// order: what values sets, else the default, else nothing. What is set and is
// not valid, as after an update of the extension, counts as not set. Empty
// values mean that nothing is set.
func (c *Configuration) WithDefaults(values []byte) (json.RawMessage, error) {
	set := &object{}
	if len(bytes.TrimSpace(values)) > 0 {
		var issues []Issue
		tree, _ := decode(values, func(i Issue) { issues = append(issues, i) })
		o, ok := tree.(*object)
		if !ok || len(issues) > 0 {
			return nil, fmt.Errorf("manifest: configuration is not a JSON object: %v", issues)
		}
		set = o
	}
	return json.Marshal(c.properties().fill(set))
}

func (c *Configuration) properties() Properties {
	if c == nil {
		return nil
	}
	return c.Properties
}

func (ps Properties) fill(set *object) *object {
	filled := &object{fields: make(map[string]any, len(ps))}
	for _, p := range ps {
		v, ok := set.fields[p.Name]
		switch nested, isObject := v.(*object); {
		case !ok || !p.valid(v):
			if p.Default == nil {
				continue
			}
			v = p.Default
		case isObject && len(p.Properties) > 0:
			v = p.Properties.fill(nested)
		}
		filled.keys = append(filled.keys, p.Name)
		filled.fields[p.Name] = v
	}
	return filled
}
