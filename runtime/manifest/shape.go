package manifest

import (
	"regexp"
	"slices"

	"github.com/annexhost/annex/permissions"
)

// shape is a place of the schema while the rules of the manifest are recorded:
// the functions that read a manifest say, in place of looking at a value, what
// they would look for. Its methods do nothing on nil, which is when a manifest
// is read.
type shape struct {
	defs *object // shared by the whole schema
	path string  // "contributes.apiRoutes.*.method"

	typ        string
	properties []*shape // in the order of the validator's list
	key        string   // of a property
	needed     bool
	items      *shape // of a list
	values     *shape // of the properties of an object that may have any
	ref        string // the name of a definition
	rules      []rule // what else holds
}

// rule is a keyword of JSON Schema and its value.
type rule struct {
	keyword string
	value   any
}

func (s *shape) add(keyword string, value any) {
	i := slices.IndexFunc(s.rules, func(r rule) bool { return r.keyword == keyword })
	if i < 0 {
		s.rules = append(s.rules, rule{keyword, value})
		return
	}
	s.rules[i].value = value
}

// property returns the shape of a field.
func (s *shape) property(key string) *shape {
	for _, p := range s.properties {
		if p.key == key {
			return p
		}
	}
	p := &shape{defs: s.defs, key: key, path: join(s.path, key)}
	s.properties = append(s.properties, p)
	return p
}

func (s *shape) kind(typ string) {
	if s != nil {
		s.typ = typ
	}
}

func (s *shape) require() {
	if s != nil {
		s.needed = true
	}
}

func (s *shape) object(required bool, known []string) {
	s.typ, s.needed = "object", s.needed || required
	for _, key := range known {
		s.property(key)
	}
}

// each returns the place of every property of an object that may have any.
func (v value) each(required bool) value {
	v.s.typ, v.s.needed = "object", v.s.needed || required
	v.s.values = &shape{defs: v.s.defs, path: join(v.s.path, "*")}
	return value{r: v.r, s: v.s.values, set: true}
}

func (s *shape) list(required bool) *shape {
	s.typ, s.needed = "array", s.needed || required
	if s.items == nil {
		s.items = &shape{defs: s.defs, path: join(s.path, "*")}
	}
	return s.items
}

func (s *shape) text(rule text) {
	s.typ, s.needed = "string", s.needed || rule.required
	if rule.min > 0 {
		s.add("minLength", rule.min)
	}
	if rule.max > 0 {
		s.add("maxLength", rule.max)
	}
	if rule.enum != nil {
		s.add("enum", rule.enum)
	}
	if rule.pattern != nil {
		s.pattern(rule.pattern.String())
	} else if rule.approx != "" {
		s.pattern(rule.approx)
	}
}

// pattern records a pattern in place of an earlier one.
func (s *shape) pattern(p string) {
	if s != nil {
		s.add("pattern", regexp.MustCompile(p).String())
	}
}

func (s *shape) integer(least, most int) {
	if s != nil {
		s.typ = "integer"
		s.add("minimum", least)
		s.add("maximum", most)
	}
}

// atLeast records how many entries a list has.
func (s *shape) atLeast(n int) {
	if s != nil {
		s.add("minItems", n)
	}
}

// requireOneOf records that one of several fields must be there.
func (s *shape) requireOneOf(keys ...string) {
	if s == nil {
		return
	}
	var alternatives []any
	for _, key := range keys {
		alternatives = append(alternatives, ordered("required", []string{key}))
	}
	s.add("anyOf", alternatives)
}

// requireWhen records that a field must be there when another has a value.
func (s *shape) requireWhen(key, value, needed string) {
	if s == nil {
		return
	}
	s.add("if", ordered("properties", ordered(key, ordered("const", value)), "required", []string{key}))
	s.add("then", ordered("required", []string{needed}))
}

// defined makes v's place refer to a definition. It is true when what stands
// there is recorded already, or not recorded at all at the moment.
func (s *shape) defined(v *value, name string) bool {
	if s == nil {
		return false
	}
	s.ref = name
	if _, known := s.defs.fields[name]; known {
		return true
	}
	def := &shape{defs: s.defs, path: name}
	s.defs.keys = append(s.defs.keys, name)
	s.defs.fields[name] = def
	*v = value{r: v.r, s: def, set: true}
	return false
}

// permissions records what may be asked for on a side, each with its text.
func (s *shape) permissions(side permissions.Side) {
	if s == nil {
		return
	}
	s.add("maxItems", MaxPermissions)
	var allowed []any
	for _, e := range permissions.All() {
		switch {
		case e.Side != side:
		case e.Name == permissions.HTTPDomain:
			allowed = append(allowed, ordered("pattern", `^http:domain:[^\s:/*]+\.[^\s:/*]+$`, "description", e.Doc))
		default:
			allowed = append(allowed, ordered("const", e.Name, "description", e.Doc))
		}
	}
	s.items.add("anyOf", allowed)
}

// ordered is an object of keys and values in turn.
func ordered(pairs ...any) *object {
	o := &object{fields: map[string]any{}}
	for i := 0; i < len(pairs); i += 2 {
		o.set(pairs[i].(string), pairs[i+1])
	}
	return o
}

func (o *object) set(key string, v any) {
	if _, known := o.fields[key]; !known {
		o.keys = append(o.keys, key)
	}
	o.fields[key] = v
}
