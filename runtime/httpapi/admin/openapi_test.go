package admin

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/annexhost/annex/runtime/identity"
)

// documented is an operation as the document has it.
type documented struct {
	method, path string
	name, right  string
	op           map[string]any
}

// document reads the document as it is served, and lists its operations.
func document(t *testing.T, f *fixture) (doc map[string]any, all []documented) {
	t.Helper()
	status, body := f.ask(t, "none", "GET", "/openapi.json", "")
	if status != 200 {
		t.Fatalf("status %d: %s", status, body)
	}
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		t.Fatal(err)
	}
	for path, methods := range doc["paths"].(map[string]any) {
		for method, op := range methods.(map[string]any) {
			o := op.(map[string]any)
			all = append(all, documented{strings.ToUpper(method), strings.TrimPrefix(path, Prefix), o["operationId"].(string), o["x-required-right"].(string), o})
		}
	}
	slices.SortFunc(all, func(a, b documented) int { return strings.Compare(a.name, b.name) })
	return doc, all
}

// Every route is in the document, under a name of its own, with its parameters
// and words about each of them.
func TestEveryRouteIsDocumented(t *testing.T) {
	f := newFixture(t)
	doc, all := document(t, f)
	if doc["openapi"] != "3.1.0" {
		t.Errorf("openapi %v", doc["openapi"])
	}
	names := map[string]bool{}
	for _, o := range all {
		if names[o.name] {
			t.Errorf("%s: two operations have this name", o.name)
		}
		names[o.name] = true
	}
	if len(all) != len(table()) {
		t.Errorf("%d operations are documented, there are %d routes", len(all), len(table()))
	}
	for _, route := range table() {
		spec := route.Spec()
		i := slices.IndexFunc(all, func(o documented) bool { return o.name == spec.Name })
		if i < 0 || all[i].method != spec.Method || all[i].path != spec.Path {
			t.Errorf("%s is not documented as %s %s", spec.Name, spec.Method, spec.Path)
			continue
		}
		if spec.Doc == "" || strings.HasSuffix(spec.Doc, ".") || all[i].op["summary"] != spec.Doc {
			t.Errorf("%s: want a sentence without its period: %q", spec.Name, spec.Doc)
		}
		if spec.Right == "" && spec.Name != "whoAmI" && spec.Name != "getOpenAPI" {
			t.Errorf("%s needs no right", spec.Name)
		}
		if _, out := route.types(); (out == reflect.TypeFor[Stream]()) != (spec.Type != "") {
			t.Errorf("%s answers %v and has the media type %q", spec.Name, out, spec.Type)
		}
		checkFields(t, route)
	}
}

// What is declared is in the table, and so is answered and documented.
func TestEveryRouteIsListed(t *testing.T) {
	listed := map[string]bool{}
	for _, route := range table() {
		listed[route.Spec().Name] = true
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`(?m)^var \w+ = Define\(Spec\{\n\tName: "(\w+)"`).FindAllSubmatch(text, -1) {
			declared++
			if !listed[string(found[1])] {
				t.Errorf("%s: %s is not in the table", file, found[1])
			}
		}
	}
	if declared != len(table()) {
		t.Errorf("%d routes were found, the table has %d", declared, len(table()))
	}
}

// checkFields compares the parameters of a path with the fields of its request.
func checkFields(t *testing.T, route Route) {
	in, _ := route.types()
	spec := route.Spec()
	var inPath []string
	for _, f := range fieldsOf(in) {
		if f.doc == "" && f.where != "raw" && f.where != "json" {
			t.Errorf("%s: %s is not documented", spec.Name, f.name)
		}
		if f.where == "path" {
			inPath = append(inPath, f.name)
		}
		if f.where != "json" && f.where != "raw" {
			if field := in.FieldByIndex(f.index); field.Tag.Get("json") != "-" {
				t.Errorf(`%s: %s needs json:"-", or a body could set it`, spec.Name, f.name)
			}
		}
		if kind := f.typ.Kind(); f.where == "path" && kind != reflect.String {
			t.Errorf("%s: %s is a %s", spec.Name, f.name, kind)
		}
	}
	var inPattern []string
	for _, s := range spec.segments() {
		if name, ok := parameter(s); ok {
			inPattern = append(inPattern, name)
		}
	}
	slices.Sort(inPath)
	slices.Sort(inPattern)
	if !slices.Equal(inPath, inPattern) {
		t.Errorf("%s: the pattern has %v, the request type %v", spec.Name, inPattern, inPath)
	}
}

// samples are requests that end well, of operations that need more than what
// the schema tells, in an order in which they do.
var samples = []struct{ name, path, body string }{
	{"createOrg", "/orgs/fresh", ""},
	{"setOrgState", "/orgs/fresh/state", `{"state":"suspended"}`},
	{"planInstall", "", `{"package":"PACKAGE"}`},
	{"install", "", `{"package":"PACKAGE"}`},
	{"invoke", "", `{"method":"GET","path":"a"}`},
	{"setEnabled", "", `{"enabled":true}`},
	{"setConfig", "", `{"set":{"size":2}}`},
	{"setSecret", "", `{"value":"v"}`},
	{"deleteSecret", "", ""},
	{"setValue", "", `{"value":{"a":1}}`},
	{"getValue", "", ""},
	{"exportStorage", "", ""},
	{"importStorage", "", `{"key":"k2","value":2}` + "\n"},
	{"deleteValue", "", ""},
	{"setGrants", "", `{"granted":{"client":[],"server":["storage:database"],"public":true}}`},
	{"rotateMasterKey", "", ""},
	{"eraseOrg", "/orgs/fresh", ""},
}

// fill replaces the parameters of a path.
var fill = strings.NewReplacer("{org}", "acme", "{extension}", "acme.x", "{name}", "n", "{key}", "k", "{id}", "none", "{version}", "9.9.9")

// Every documented operation answers, as documented: with its status and a body
// of its schema, or with an error of the form that all errors have. None is a
// fault of the host.
func TestEveryDocumentedOperationAnswers(t *testing.T) {
	f := newFixture(t)
	doc, all := document(t, f)
	archive := testArchive(t)
	done := map[string]bool{}
	try := func(o documented, path, body string, mustEndWell bool) {
		done[o.name] = true
		if path == "" {
			path = fill.Replace(o.path)
		}
		status, text := f.ask(t, "operator", o.method, path, strings.ReplaceAll(body, "PACKAGE", archive))
		if mustEndWell && status/100 != 2 {
			t.Errorf("%s: %d %s", o.name, status, text)
		}
		checkAnswer(t, doc, o, status, text)
	}
	byName := func(name string) documented {
		i := slices.IndexFunc(all, func(o documented) bool { return o.name == name })
		if i < 0 {
			t.Fatalf("no operation %s", name)
		}
		return all[i]
	}
	for _, s := range samples {
		try(byName(s.name), s.path, s.body, true)
	}
	last := []string{"uninstall", "eraseOrg"} // they end what the others need
	for _, o := range all {
		if !done[o.name] && !slices.Contains(last, o.name) && o.method == "GET" {
			try(o, "", "", false)
		}
	}
	for _, o := range all {
		if !done[o.name] && !slices.Contains(last, o.name) {
			try(o, "", "{}", false)
		}
	}
	for _, name := range last {
		try(byName(name), "", "", true)
	}
}

// checkAnswer compares an answer with what the document says of it.
func checkAnswer(t *testing.T, doc map[string]any, o documented, status int, text string) {
	t.Helper()
	responses := o.op["responses"].(map[string]any)
	response, ok := responses[fmt.Sprint(status)].(map[string]any)
	if status >= 400 {
		response, ok = doc["components"].(map[string]any)["responses"].(map[string]any)["Error"].(map[string]any), true
	}
	switch {
	case !ok:
		t.Errorf("%s: status %d is not documented", o.name, status)
		return
	case status == 405 || status >= 500 || strings.Contains(text, "there is no such route"):
		t.Errorf("%s: %d %s", o.name, status, text)
		return
	}
	content, _ := response["content"].(map[string]any)
	kind, ok := content["application/json"].(map[string]any)
	if !ok {
		return // nothing, or a stream
	}
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Errorf("%s: %d is no JSON: %v", o.name, status, err)
		return
	}
	for _, problem := range conforms(doc, kind["schema"].(map[string]any), value, "") {
		t.Errorf("%s: %s in %s", o.name, problem, text)
	}
}

// conforms lists what of value is not as its schema says. Members that the
// schema does not name are wrong too: nobody would know of them.
func conforms(doc, schema map[string]any, value any, at string) (problems []string) {
	if ref, ok := schema["$ref"].(string); ok {
		name := strings.TrimPrefix(ref, "#/components/schemas/")
		schema, ok = doc["components"].(map[string]any)["schemas"].(map[string]any)[name].(map[string]any)
		if !ok {
			return []string{at + ": no schema " + name}
		}
	}
	kind, _ := schema["type"].(string)
	if is := kindOf(value); kind != "" && kind != is && !(kind == "integer" && is == "number") {
		return []string{fmt.Sprintf("%s is %s, want %s", at, is, kind)}
	}
	switch v := value.(type) {
	case []any:
		items, _ := schema["items"].(map[string]any)
		for i, item := range v {
			problems = append(problems, conforms(doc, items, item, fmt.Sprintf("%s[%d]", at, i))...)
		}
	case map[string]any:
		properties, _ := schema["properties"].(map[string]any)
		additional, _ := schema["additionalProperties"].(map[string]any)
		required, _ := schema["required"].([]any)
		for _, name := range required {
			if _, ok := v[name.(string)]; !ok {
				problems = append(problems, fmt.Sprintf("%s has no %s", at, name))
			}
		}
		for name, member := range v {
			of, ok := properties[name].(map[string]any)
			if !ok {
				of = additional
			}
			if of == nil && kind != "" {
				problems = append(problems, fmt.Sprintf("%s.%s is not documented", at, name))
				continue
			}
			problems = append(problems, conforms(doc, of, member, at+"."+name)...)
		}
	}
	return problems
}

func kindOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}

// Who may call what is the table of rights, for every route: without a
// credential 401, without the right 403 whatever exists, and with it neither.
func TestRolesOfEveryRoute(t *testing.T) {
	f := newFixture(t)
	_, all := document(t, f)
	for _, o := range all {
		if o.name == "uninstall" {
			continue // would end the others
		}
		path := fill.Replace(o.path)
		if status, _ := f.ask(t, "", o.method, path, ""); status != 401 {
			t.Errorf("%s without a token: %d, want 401", o.name, status)
		}
		if status, _ := f.ask(t, "unknown", o.method, path, ""); status != 401 {
			t.Errorf("%s with an unknown token: %d, want 401", o.name, status)
		}
		for _, role := range []string{"none", "member", "admin", "operator"} {
			may := o.right == "" || identity.Role(strings.TrimPrefix(role, "none")).May(identity.Right(o.right))
			for _, path := range []string{path, strings.Replace(path, "acme.x", "acme.y", 1)} {
				if status, text := f.ask(t, role, o.method, path, "[]"); may == (status == 403) {
					t.Errorf("%s as %s: %d %s, and the table of rights says %v", o.name, role, status, text, may)
				}
			}
		}
	}
}
