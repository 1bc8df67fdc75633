package manifest

import (
	"bytes"
	"encoding/json"
	"sync"
)

// SchemaFile is the name under which the schema is kept beside a manifest, so
// that an editor finds it without a network.
const SchemaFile = "extension.schema.json"

// Schema is the JSON Schema (draft 7) of extension.json, for editors. It is
// recorded from the functions of [Parse], so it cannot say anything else; a few
// rules that no schema can express, such as that the id starts with the
// publisher, are left to Parse: what the schema refuses Parse refuses too.
func Schema() []byte { return schema() }

var schema = sync.OnceValue(func() []byte {
	root := &shape{defs: &object{fields: map[string]any{}}}
	readManifest(value{r: &reader{}, s: root, set: true})
	out := ordered(
		"$schema", "http://json-schema.org/draft-07/schema#",
		"title", "Manifest of an extension (extension.json)",
	)
	body := root.schema()
	for _, key := range body.keys {
		out.set(key, body.fields[key])
	}
	definitions := ordered()
	for _, name := range root.defs.keys {
		definitions.set(name, root.defs.fields[name].(*shape).schema())
	}
	out.set("definitions", definitions)
	data, err := json.Marshal(out)
	if err != nil {
		panic("manifest: schema: " + err.Error()) // it has nothing but texts, numbers and lists
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, data, "", "  "); err != nil {
		panic("manifest: schema: " + err.Error())
	}
	pretty.WriteByte('\n')
	return pretty.Bytes()
})

// schema is the JSON Schema of one place.
func (s *shape) schema() *object {
	out := ordered()
	if doc := docs[s.path]; doc != "" {
		out.set("description", doc)
	}
	if s.ref != "" {
		out.set("$ref", "#/definitions/"+s.ref)
		return out
	}
	if s.typ != "" {
		out.set("type", s.typ)
	}
	for _, r := range s.rules {
		out.set(r.keyword, r.value)
	}
	if s.items != nil {
		out.set("items", s.items.schema())
	}
	if s.values != nil {
		out.set("additionalProperties", s.values.schema())
	}
	if len(s.properties) == 0 {
		return out
	}
	properties, required := ordered(), []string{}
	for _, p := range s.properties {
		properties.set(p.key, p.schema())
		if p.needed {
			required = append(required, p.key)
		}
	}
	out.set("properties", properties)
	if len(required) > 0 {
		out.set("required", required)
	}
	return out
}
