package admin

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/sandbox"
)

// Document is an OpenAPI document.
type Document map[string]any

var openAPI = Define(Spec{
	Name: "getOpenAPI", Method: "GET", Path: "/openapi.json",
	Doc: "Answers the OpenAPI 3.1 document of this API",
}, func(_ context.Context, c *Call, _ struct{}) (Document, error) { return describe(c.routes), nil })

// OpenAPI describes every route of the table, by OpenAPI 3.1.
func OpenAPI() Document { return describe(table()) }

func describe(routes []Route) Document {
	d := &describer{schemas: map[string]any{}}
	paths := map[string]any{}
	for _, route := range routes {
		spec := route.Spec()
		methods, _ := paths[Prefix+spec.Path].(map[string]any)
		if methods == nil {
			methods = map[string]any{}
			paths[Prefix+spec.Path] = methods
		}
		methods[strings.ToLower(spec.Method)] = d.operation(route)
	}
	d.schemas["Error"] = map[string]any{
		"type": "object", "required": []string{"error", "message", "requestId"},
		"properties": map[string]any{
			"error":     map[string]any{"type": "string", "description": "what happened, from a fixed list"},
			"message":   map[string]any{"type": "string", "description": "for a person"},
			"requestId": map[string]any{"type": "string", "description": "under which the host's log has more"},
		},
	}
	return Document{
		"openapi": "3.1.0",
		"info": map[string]any{
			"title": "Annex admin API", "version": runtime.Version,
			"description": "What an operator and the admins of organizations do with a host. The organization ~ in a path is the token's own.",
		},
		"security": []any{map[string]any{"token": []string{}}},
		"paths":    paths,
		"components": map[string]any{
			"schemas":         d.schemas,
			"securitySchemes": map[string]any{"token": map[string]any{"type": "http", "scheme": "bearer"}},
			"responses": map[string]any{"Error": map[string]any{
				"description": "It was not done", "content": content("application/json", ref("Error")),
			}},
		},
	}
}

func ref(name string) map[string]any { return map[string]any{"$ref": "#/components/schemas/" + name} }

func content(kind string, schema any) map[string]any {
	return map[string]any{kind: map[string]any{"schema": schema}}
}

// describer collects the schemas of named types.
type describer struct{ schemas map[string]any }

// operation describes a route.
func (d *describer) operation(route Route) map[string]any {
	spec := route.Spec()
	in, out := route.types()
	op := map[string]any{
		"operationId": spec.Name, "summary": spec.Doc, "tags": []string{spec.segments()[0]},
		"description": needs(spec.Right), "x-required-right": spec.Right,
		"responses": map[string]any{status(spec.status(out)): d.response(spec, out), "default": map[string]any{"$ref": "#/components/responses/Error"}},
	}
	var parameters []any
	properties := map[string]any{}
	var required []string
	for _, f := range fieldsOf(in) {
		switch f.where {
		case "path", "query":
			parameters = append(parameters, map[string]any{
				"name": f.name, "in": f.where, "required": f.where == "path", "description": f.doc, "schema": d.schema(f.typ),
			})
		case "raw":
			op["requestBody"] = map[string]any{"required": true, "content": content(f.name, map[string]any{"type": "string", "format": "binary"})}
		case "json":
			properties[f.name] = described(d.schema(f.typ), f.doc)
			if !f.optional {
				required = append(required, f.name)
			}
		}
	}
	if parameters != nil {
		op["parameters"] = parameters
	}
	if len(properties) > 0 {
		body := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
		if required != nil {
			body["required"] = required
		}
		op["requestBody"] = map[string]any{"required": true, "content": content("application/json", body)}
	}
	return op
}

func needs(right identity.Right) string {
	if right == "" {
		return "Needs a valid credential and no right."
	}
	return "Needs the right " + string(right) + "."
}

func status(code int) string {
	text, _ := json.Marshal(code) // a number
	return string(text)
}

func (d *describer) response(spec Spec, out reflect.Type) map[string]any {
	switch out {
	case reflect.TypeFor[None]():
		return map[string]any{"description": "Done"}
	case reflect.TypeFor[Stream]():
		return map[string]any{"description": "Written as it comes", "content": content(spec.Type, map[string]any{"type": "string", "format": "binary"})}
	}
	return map[string]any{"description": "Done", "content": content("application/json", d.schema(out))}
}

func described(schema map[string]any, doc string) map[string]any {
	if doc == "" {
		return schema
	}
	if _, isRef := schema["$ref"]; isRef { // 3.1 allows siblings
		return map[string]any{"$ref": schema["$ref"], "description": doc}
	}
	schema["description"] = doc
	return schema
}

// schema describes a type: named structs become components.
func (d *describer) schema(t reflect.Type) map[string]any {
	switch t {
	case reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case reflect.TypeFor[json.RawMessage](), reflect.TypeFor[any](), reflect.TypeFor[Document]():
		return map[string]any{}
	case reflect.TypeFor[[]byte]():
		return map[string]any{"type": "string", "contentEncoding": "base64"}
	case reflect.TypeFor[sandbox.Code]():
		return map[string]any{"type": "string"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return d.schema(t.Elem())
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Uint64, reflect.Uint32:
		return map[string]any{"type": "integer"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Slice, reflect.Array:
		return map[string]any{"type": "array", "items": d.schema(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": d.schema(t.Elem())}
	case reflect.Struct:
		return d.component(t)
	}
	return map[string]any{}
}

// component describes a struct by its json tags, once.
func (d *describer) component(t reflect.Type) map[string]any {
	name := t.Name()
	if _, known := d.schemas[name]; known && name != "" {
		return ref(name)
	}
	properties := map[string]any{}
	required := []string{}
	made := map[string]any{"type": "object", "properties": properties}
	if name != "" {
		d.schemas[name] = made // before its members, which may name it
	}
	for _, f := range fieldsOf(t) {
		properties[f.name] = described(d.schema(f.typ), f.doc)
		if !f.optional {
			required = append(required, f.name)
		}
	}
	if len(required) > 0 {
		made["required"] = required
	}
	if name == "" {
		return made
	}
	return ref(name)
}
