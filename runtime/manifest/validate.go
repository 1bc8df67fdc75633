package manifest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// checker compares values with properties.
type checker struct{ issues []Issue }

func (c *checker) fail(i Issue) {
	if len(c.issues) < maxIssues {
		c.issues = append(c.issues, i)
	}
}

func (c *checker) wrong(path string, v any, message, expected string) {
	received := value{v: v, set: true}.received()
	c.fail(Issue{Path: path, Message: message, Expected: expected, Received: received})
}

// object checks an object against its properties.
func (c *checker) object(ps Properties, path string, v any) {
	o, ok := v.(*object)
	if !ok {
		c.wrong(path, v, "Must be an object", "an object")
		return
	}
	for _, name := range o.keys {
		p, ok := ps.Lookup(name)
		if !ok {
			c.wrong(join(path, name), o.fields[name], "Unknown property", ps.expected())
			continue
		}
		c.check(p, join(path, name), o.fields[name])
	}
}

func (ps Properties) expected() string {
	if len(ps) == 0 {
		return "no properties"
	}
	names := make([]string, len(ps))
	for i, p := range ps {
		names[i] = p.Name
	}
	return "one of " + strings.Join(names, ", ")
}

// check compares one value with its property.
func (c *checker) check(p Property, path string, v any) {
	if !p.Type.admits(v) {
		c.wrong(path, v, "Wrong type", "a value of type "+string(p.Type))
		return
	}
	if len(p.enum) > 0 && !slices.ContainsFunc(p.enum, func(allowed any) bool { return equal(allowed, v) }) {
		c.wrong(path, v, "Not one of the values", "one of "+p.enumText())
		return
	}
	switch x := v.(type) {
	case json.Number:
		c.bounds(p, path, x)
	case []any:
		if p.Items == nil {
			return
		}
		for i, item := range x {
			c.check(*p.Items, join(path, strconv.Itoa(i)), item)
		}
	case *object:
		if len(p.Properties) > 0 {
			c.object(p.Properties, path, x)
		}
	}
}

func (p Property) valid(v any) bool {
	c := checker{}
	c.check(p, "", v)
	return len(c.issues) == 0
}

func (c *checker) bounds(p Property, path string, number json.Number) {
	n, err := number.Float64()
	switch {
	case err != nil:
		c.wrong(path, number, "Too large", "a number that a double can hold")
	case p.Minimum != nil && n < *p.Minimum:
		c.wrong(path, number, "Too small", fmt.Sprintf("at least %v", *p.Minimum))
	case p.Maximum != nil && n > *p.Maximum:
		c.wrong(path, number, "Too large", fmt.Sprintf("at most %v", *p.Maximum))
	}
}

func (k Kind) admits(v any) bool {
	var ok bool
	switch k {
	case String:
		_, ok = v.(string)
	case Number:
		_, ok = v.(json.Number)
	case Boolean:
		_, ok = v.(bool)
	case Array:
		_, ok = v.([]any)
	case Object:
		_, ok = v.(*object)
	}
	return ok
}

func (p Property) enumText() string {
	texts := make([]string, len(p.Enum))
	for i, e := range p.Enum {
		texts[i] = string(e)
	}
	return strings.Join(texts, ", ")
}

// equal compares two JSON values: numbers by what they are, objects without
// the order of their keys.
func equal(a, b any) bool {
	switch x := a.(type) {
	case json.Number:
		y, ok := b.(json.Number)
		if !ok {
			return false
		}
		m, err1 := x.Float64()
		n, err2 := y.Float64()
		return err1 == nil && err2 == nil && m == n
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, equal)
	case *object:
		y, ok := b.(*object)
		if !ok || len(x.fields) != len(y.fields) {
			return false
		}
		for k, v := range x.fields {
			w, ok := y.fields[k]
			if !ok || !equal(v, w) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(a, b)
}
