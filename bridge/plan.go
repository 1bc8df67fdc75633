package bridge

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Param is one argument of a method, or one member of an argument that is an
// object of options.
type Param struct {
	Name     string
	Doc      string
	Optional bool
	Type     reflect.Type // as it crosses the wall
	TS       string       // its type in TypeScript, where Type does not say it; else empty
	Fields   []Param      // the members, for an object of options
}

// params are the arguments of a method in the order of their positions.
type params []Param

// index returns the position of the parameter that a string names, or -1.
// raw and plain are as of scanner.rawString.
func (p params) index(raw []byte, plain bool) int {
	if !plain {
		raw = []byte(unescape(raw))
	}
	for i := range p {
		if p[i].Name == string(raw) {
			return i
		}
	}
	return -1
}

// missing says which is the first required parameter that is not in the set seen.
func (p params) missing(seen uint64) string {
	for i := range p {
		switch {
		case p[i].Optional || seen&(1<<i) != 0:
		case p[i].Type == rawType:
			return p[i].Name + " (undefined, functions and symbols have no JSON)"
		default:
			return p[i].Name
		}
	}
	return ""
}

func (p params) names() string { return strings.Join(p.list(), ", ") }

func (p params) list() []string {
	names := make([]string, len(p))
	for i := range p {
		names[i] = p[i].Name
	}
	return names
}

// frame is where the arguments of a call are decoded into: pointers to the
// fields of one struct, in the order of params. Frames are made by reflection
// and used again, so that a call needs none.
type frame struct {
	params params
	dst    []any
}

// paramsOf describes the fields of a struct of arguments. Their tags say: json,
// the name, optional with omitempty; doc, a sentence; ts, the TypeScript type.
// A field that no decoder reads is a fault of the table, and panics.
func paramsOf(t reflect.Type) params {
	if t.Kind() != reflect.Struct || t.NumField() > 64 {
		panic(fmt.Sprintf("bridge: arguments must be a struct of at most 64 fields, got %v", t))
	}
	list := make(params, t.NumField())
	for i := range list {
		f := t.Field(i)
		name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		p := Param{
			Name: name, Optional: option == "omitempty",
			Doc: f.Tag.Get("doc"), TS: f.Tag.Get("ts"), Type: f.Type,
		}
		switch {
		case name == "" || p.Doc == "":
			panic(fmt.Sprintf("bridge: %v.%s needs the tags json and doc", t, f.Name))
		case f.Type.Kind() == reflect.Struct:
			p.Fields = paramsOf(f.Type)
		case !decodable[f.Type]:
			panic(fmt.Sprintf("bridge: %v.%s has type %v, which no decoder reads", t, f.Name, f.Type))
		}
		list[i] = p
	}
	return list
}

// bind returns the frame that decodes into the struct v.
func (p params) bind(v reflect.Value) *frame {
	f := &frame{params: p, dst: make([]any, len(p))}
	for i := range p {
		if field := v.Field(i); p[i].Fields != nil {
			f.dst[i] = params(p[i].Fields).bind(field)
		} else {
			f.dst[i] = field.Addr().Interface()
		}
	}
	return f
}

var (
	rawType  = reflect.TypeFor[json.RawMessage]()
	textType = reflect.TypeFor[Text]()
)

// decodable are the types that decoder.into reads.
var decodable = map[reflect.Type]bool{
	rawType:                     true,
	reflect.TypeFor[string]():   true,
	reflect.TypeFor[[]string](): true,
	reflect.TypeFor[float64]():  true,
	reflect.TypeFor[*float64](): true,
	reflect.TypeFor[*int64]():   true,
	reflect.TypeFor[Members]():  true,
	reflect.TypeFor[Pairs]():    true,
	textType:                    true,
}
