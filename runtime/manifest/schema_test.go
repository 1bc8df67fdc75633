package manifest

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// minimal is a manifest that is valid.
const minimal = `{"id":"acme.notes","name":"Notes","version":"1.0.0","publisher":"acme","license":"MIT",
"engines":{"blueplm":"^3.0.0"},"serverMain":"a.js","activationEvents":["onStartup"],
"contributes":{"apiRoutes":[{"method":"GET","path":"notes/:id","handler":"a.js"}]},"permissions":{"server":["storage:database"]}}`

// An independent implementation of JSON Schema and Parse are asked about the
// same manifests, each with one change.
func TestSchemaAgreesWithParse(t *testing.T) {
	s := compileSchema(t)
	for _, c := range []struct {
		rule     string
		old, new string
		valid    bool
	}{
		{"the minimal manifest", ``, ``, true},
		{"unknown fields are ignored", `"license"`, `"colour":"red","license"`, true},
		{"$schema is allowed", `"license"`, `"$schema":"./extension.schema.json","license"`, true},
		{"a name is required", `"name":"Notes",`, ``, false},
		{"a name is not empty", `"Notes"`, `""`, false},
		{"a name has 100 characters at most", `"Notes"`, `"` + strings.Repeat("é", 101) + `"`, false},
		{"100 characters of two bytes are 100 characters", `"Notes"`, `"` + strings.Repeat("é", 100) + `"`, true},
		{"an id has a dot", `"acme.notes"`, `"notes"`, false},
		{"a version is three numbers", `"1.0.0"`, `"1.0"`, false},
		{"an engine is not *", `"^3.0.0"`, `"*"`, false},
		{"an engine is required", `{"blueplm":"^3.0.0"}`, `{}`, false},
		{"annex is an engine", `{"blueplm":"^3.0.0"}`, `{"annex":"^0.1.0"}`, true},
		{"an entry is required", `"serverMain":"a.js",`, ``, false},
		{"main is an entry", `"serverMain"`, `"main"`, true},
		{"an entry is relative", `"serverMain":"a.js"`, `"serverMain":"/a.js"`, false},
		{"an event is required", `["onStartup"]`, `[]`, false},
		{"an event is known", `"onStartup"`, `"onTuesday"`, false},
		{"an event has its name", `"onStartup"`, `"onCommand:"`, false},
		{"an event with its name", `"onStartup"`, `"onCommand:a.b"`, true},
		{"contributes is required", `"contributes":{"apiRoutes":[{"method":"GET","path":"notes/:id","handler":"a.js"}]},`, ``, false},
		{"a method is one of five", `"GET"`, `"HEAD"`, false},
		{"a path has no wildcard", `notes/:id`, `notes/*`, false},
		{"a rate is a whole number", `"handler":"a.js"`, `"handler":"a.js","rateLimit":1.5`, false},
		{"a rate is at least 1", `"handler":"a.js"`, `"handler":"a.js","rateLimit":0`, false},
		{"a rate", `"handler":"a.js"`, `"handler":"a.js","rateLimit":10,"public":true`, true},
		{"public is true or false", `"handler":"a.js"`, `"handler":"a.js","public":"yes"`, false},
		{"a module has named handlers", `"handler":"a.js"`, `"handler":"a.wasm#greet"`, true},
		{"a script has not", `"handler":"a.js"`, `"handler":"a.js#greet"`, false},
		{"permissions is required", `,"permissions":{"server":["storage:database"]}`, ``, false},
		{"a permission is known", `storage:database`, `storage:everything`, false},
		{"a permission is of its side", `{"server":["storage:database"]}`, `{"client":["storage:database"]}`, false},
		{"a host", `storage:database`, `http:domain:api.example.com`, true},
		{"a host is no wildcard", `storage:database`, `http:domain:*.example.com`, false},
		{"native needs its configuration", `"license"`, `"category":"native","license"`, false},
		{"native with it", `"license"`, `"category":"native","native":{"platforms":["linux"]},"license"`, true},
		{"a platform is required", `"license"`, `"category":"native","native":{"platforms":[]},"license"`, false},
		{"a property has a type", `"contributes":{`, `"contributes":{"configuration":{"title":"T","properties":{"a":{"type":"text"}}},`, false},
		{"properties nest", `"contributes":{`, `"contributes":{"configuration":{"title":"T","properties":{"a":{"type":"array","items":{"type":"object","properties":{"b":{"type":"number","minimum":1}}}}}},`, true},
		{"properties are checked at any depth", `"contributes":{`, `"contributes":{"configuration":{"title":"T","properties":{"a":{"type":"array","items":{"type":"object","properties":{"b":{"type":"number","minimum":"1"}}}}}},`, false},
	} {
		text := strings.Replace(minimal, c.old, c.new, 1)
		if c.old != c.new && text == minimal {
			t.Fatalf("%s: %q is not in the manifest", c.rule, c.old)
		}
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v", c.rule, err)
		}
		if err := s.Validate(doc); (err == nil) != c.valid {
			t.Errorf("%s: the schema says %v, want valid = %v", c.rule, err, c.valid)
		}
		if _, report := Parse([]byte(text), Options{}); report.Valid != c.valid {
			t.Errorf("%s: Parse says %v, want valid = %v", c.rule, report.Errors, c.valid)
		}
	}
}

// The manifests of the other tests and of the examples.
func TestSchemaAcceptsWhatIsPublished(t *testing.T) {
	s := compileSchema(t)
	for file, valid := range map[string]bool{
		"testdata/full.json": true, "testdata/every-field-wrong.json": false,
		"../../examples/hello/extension.json": true, "../../examples/notes/extension.json": true,
		"../../examples/weather/extension.json": true, "../../examples/file-sync/extension.json": true,
	} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(doc); (err == nil) != valid {
			t.Errorf("%s: %v, want valid = %v", file, err, valid)
		}
	}
}

// Every text of the schema belongs to a place, and every field has one.
func TestSchemaIsDocumented(t *testing.T) {
	seen := map[string]bool{}
	root := &shape{defs: &object{fields: map[string]any{}}}
	readManifest(value{r: &reader{}, s: root, set: true})
	var walk func(s *shape)
	walk = func(s *shape) {
		if s == nil {
			return
		}
		seen[s.path] = true
		for _, p := range s.properties {
			walk(p)
			if !strings.Contains(p.path, ".") && docs[p.path] == "" {
				t.Errorf("%s has no text", p.path)
			}
		}
		walk(s.items)
		walk(s.values)
	}
	walk(root)
	for _, def := range root.defs.fields {
		walk(def.(*shape))
	}
	for path := range docs {
		if !seen[path] {
			t.Errorf("the text of %q belongs to nothing", path)
		}
	}
	if !json.Valid(Schema()) {
		t.Error("the schema is not JSON")
	}
}
