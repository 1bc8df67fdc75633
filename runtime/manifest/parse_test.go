package manifest_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/manifest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// fields are the parts of a manifest by their names, each a JSON text. An
// empty text leaves the field out.
type fields map[string]string

// write makes a valid manifest with the changes in it.
func write(changes fields) []byte {
	all := fields{
		"id": `"acme.notes"`, "name": `"Notes"`, "version": `"1.0.0"`, "publisher": `"acme"`,
		"description": `"Keeps notes."`, "icon": `"icon.png"`, "repository": `"https://example.com/notes"`,
		"license": `"Apache-2.0"`, "engines": `{"blueplm": "^3.0.0"}`, "serverMain": `"server/index.js"`,
		"activationEvents": `["onStartup"]`, "contributes": `{}`, "permissions": `{}`,
	}
	for k, v := range changes {
		all[k] = v
	}
	var parts []string
	for k, v := range all {
		if v != "" {
			parts = append(parts, fmt.Sprintf("%q: %s", k, v))
		}
	}
	slices.Sort(parts)
	return []byte("{" + strings.Join(parts, ", ") + "}")
}

func TestParseValid(t *testing.T) {
	data, err := os.ReadFile("testdata/full.json")
	if err != nil {
		t.Fatal(err)
	}
	m, report := manifest.Parse(data, manifest.Options{AnnexVersion: "0.1.0"})
	if !report.Valid || report.Err() != nil {
		t.Fatal(report)
	}
	got, err := json.MarshalIndent(struct {
		Manifest *manifest.Manifest
		Report   manifest.Report
	}{m, report}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "full.golden.json", append(got, '\n'))
}

func TestEveryFieldWrong(t *testing.T) {
	data, err := os.ReadFile("testdata/every-field-wrong.json")
	if err != nil {
		t.Fatal(err)
	}
	m, report := manifest.Parse(data, manifest.Options{Strict: true})
	if m != nil || report.Valid || report.Err() == nil {
		t.Fatalf("the manifest passes: %+v", report)
	}
	golden(t, "every-field-wrong.golden.txt", []byte(report.String()+"\n"))
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s differs (-update rewrites it):\n%s", name, got)
	}
}

// Every rule: one field is changed, and the one error is at its path.
func TestParseRefuses(t *testing.T) {
	long := strings.Repeat("x", 600)
	for _, c := range []struct {
		rule  string
		field string
		value string // "" leaves the field out
		path  string
		want  string // part of the error's line
	}{
		{"id is required", "id", ``, "id", "Required (expected publisher.name, received nothing)"},
		{"id is a string", "id", `7`, "id", "Must be a string (expected publisher.name, received number 7)"},
		{"id has a dot", "id", `"notes"`, "id", `Extension ID must be in format "publisher.name"`},
		{"id has one dot", "id", `"acme.notes.x"`, "id", `Extension ID must be in format "publisher.name"`},
		{"id is lower case", "id", `"acme.Notes"`, "id", `Extension ID must be in format "publisher.name"`},
		{"id is not too long", "id", `"acme.` + strings.Repeat("a", 130) + `"`, "id", `Extension ID must be in format`},
		{"id starts with the publisher", "id", `"other.notes"`, "id", "Extension ID must start with publisher slug"},
		{"name is required", "name", ``, "name", "Required"},
		{"name is not empty", "name", `""`, "name", "Extension name is required"},
		{"name has at most 100 characters", "name", `"` + long[:101] + `"`, "name", "Name too long"},
		{"name cannot move a terminal's cursor", "name", `"a\u001b[2J"`, "name", "Has control characters"},
		{"name cannot turn the writing", "name", `"a\u202egpj"`, "name", "Has control characters"},
		{"name cannot mark the direction", "name", `"a\u200fb"`, "name", "Has control characters"},
		{"name has nothing that is not seen", "name", `"a\u200bb"`, "name", "Has control characters"},
		{"name has one line", "name", `"a\nb"`, "name", "Has control characters"},
		{"version is required", "version", ``, "version", "Required"},
		{"version has three parts", "version", `"1.0"`, "version", "a version such as 1.0.0"},
		{"version has no v", "version", `"v1.0.0"`, "version", "a version such as 1.0.0"},
		{"version ends", "version", `"1.0.0\n"`, "version", "Has control characters"},
		{"publisher is required", "publisher", ``, "publisher", "Required"},
		{"publisher is a slug", "publisher", `"Acme Inc"`, "publisher", "a slug"},
		{"description has at most 500 characters", "description", `"` + long + `"`, "description", "0 to 500 characters"},
		{"icon stays in the package", "icon", `"../icon.png"`, "icon", "Not a file in the package"},
		{"repository is a URI", "repository", `"here"`, "repository", "expected a URI"},
		{"license is required", "license", ``, "license", "Required"},
		{"license is not empty", "license", `""`, "license", "the id of a license"},
		{"keywords is a list", "keywords", `"a"`, "keywords", "Must be a list"},
		{"keywords are strings", "keywords", `["a", 1]`, "keywords.1", "Must be a string"},
		{"categories are strings", "categories", `[null]`, "categories.0", "received null"},
		{"changelog is a string", "changelog", `{}`, "changelog", "received an object"},
		{"category is known", "category", `"trusted"`, "category", "one of sandboxed, native"},
		{"native needs its configuration", "category", `"native"`, "native", "Native extensions must specify native configuration"},
		{"native names platforms", "native", `{}`, "native.platforms", "Required"},
		{"native names one platform", "native", `{"platforms": []}`, "native.platforms", "At least one platform is required"},
		{"native names known platforms", "native", `{"platforms": ["plan9"]}`, "native.platforms.0", "one of win32, darwin, linux"},
		{"electronMain stays in the package", "native", `{"platforms": ["linux"], "electronMain": "/bin/sh"}`, "native.electronMain", "absolute name"},
		{"requiresAdmin is a boolean", "native", `{"platforms": ["linux"], "requiresAdmin": "yes"}`, "native.requiresAdmin", "true or false"},
		{"engines is required", "engines", ``, "engines", "Required"},
		{"engines names one", "engines", `{}`, "engines", "At least one engine is required"},
		{"engines.blueplm is no wildcard", "engines", `{"blueplm": "*"}`, "engines.blueplm", "a version or a range"},
		{"engines.blueplm is one range", "engines", `{"blueplm": ">=1.0.0 <2.0.0"}`, "engines.blueplm", "a version or a range"},
		{"engines.blueplm has one operator", "engines", `{"blueplm": "~^>1.0.0"}`, "engines.blueplm", "a version or a range"},
		{"engines.annex is a range", "engines", `{"annex": "latest"}`, "engines.annex", "a version or a range"},
		{"dependencies name a version", "extensionDependencies", `["acme.base"]`, "extensionDependencies.0", "publisher.name@version"},
		{"packs name ids", "extensionPack", `["base"]`, "extensionPack.0", "publisher.name"},
		{"main stays in the package", "main", `"../../etc/passwd"`, "main", "Not a file in the package"},
		{"an entry point is required", "serverMain", ``, "main", "Extension must have at least one entry point (main or serverMain)"},
		{"activationEvents is required", "activationEvents", ``, "activationEvents", "Required"},
		{"activationEvents has one", "activationEvents", `[]`, "activationEvents", "At least one activation event is required"},
		{"activation events are known", "activationEvents", `["onMoonrise"]`, "activationEvents.0", "Unknown activation event"},
		{"onCommand names a command", "activationEvents", `["onCommand:"]`, "activationEvents.0", "Unknown activation event"},
		{"onStartup names nothing", "activationEvents", `["onStartup:x"]`, "activationEvents.0", "Unknown activation event"},
		{"contributes is required", "contributes", ``, "contributes", "Required"},
		{"contributes is an object", "contributes", `[]`, "contributes", "Must be an object"},
		{"views have a location", "contributes", `{"views": [{"id": "v", "name": "V", "component": "v.js"}]}`, "contributes.views.0.location", "Required"},
		{"views have a known location", "contributes", `{"views": [{"id": "v", "name": "V", "location": "moon", "component": "v.js"}]}`, "contributes.views.0.location", "one of sidebar, panel, settings, dialog"},
		{"a view's component stays in the package", "contributes", `{"views": [{"id": "v", "name": "V", "location": "panel", "component": "a/../../v.js"}]}`, "contributes.views.0.component", "Not a file in the package"},
		{"commands have a title", "contributes", `{"commands": [{"id": "c"}]}`, "contributes.commands.0.title", "Required"},
		{"settings have a known category", "contributes", `{"settings": [{"id": "s", "name": "S", "component": "s.js", "category": "x"}]}`, "contributes.settings.0.category", "one of account"},
		{"routes have a method", "contributes", `{"apiRoutes": [{"path": "a", "handler": "a.js"}]}`, "contributes.apiRoutes.0.method", "Required"},
		{"routes have a known method", "contributes", `{"apiRoutes": [{"method": "BREW", "path": "a", "handler": "a.js"}]}`, "contributes.apiRoutes.0.method", "one of GET"},
		{"methods are upper case", "contributes", `{"apiRoutes": [{"method": "get", "path": "a", "handler": "a.js"}]}`, "contributes.apiRoutes.0.method", "one of GET"},
		{"routes have a path", "contributes", `{"apiRoutes": [{"method": "GET", "path": "", "handler": "a.js"}]}`, "contributes.apiRoutes.0.path", "a relative path"},
		{"handlers stay in the package", "contributes", `{"apiRoutes": [{"method": "GET", "path": "a", "handler": "../a.js"}]}`, "contributes.apiRoutes.0.handler", "Not a file in the package"},
		{"only wasm has named handlers", "contributes", `{"apiRoutes": [{"method": "GET", "path": "a", "handler": "a.js#x"}]}`, "contributes.apiRoutes.0.handler", "Only a WebAssembly module has named handlers"},
		{"named handlers have a name", "contributes", `{"apiRoutes": [{"method": "GET", "path": "a", "handler": "a.wasm#"}]}`, "contributes.apiRoutes.0.handler", "Only a WebAssembly module has named handlers"},
		{"public is a boolean", "contributes", `{"apiRoutes": [{"method": "GET", "path": "a", "handler": "a.js", "public": 1}]}`, "contributes.apiRoutes.0.public", "true or false"},
		{"rateLimit is at least 1", "contributes", `{"apiRoutes": [{"method": "GET", "path": "a", "handler": "a.js", "rateLimit": 0}]}`, "contributes.apiRoutes.0.rateLimit", "a whole number from 1"},
		{"rateLimit is not too large", "contributes", `{"apiRoutes": [{"method": "GET", "path": "a", "handler": "a.js", "rateLimit": 1000001}]}`, "contributes.apiRoutes.0.rateLimit", "to 1000000"},
		{"rateLimit is whole", "contributes", `{"apiRoutes": [{"method": "GET", "path": "a", "handler": "a.js", "rateLimit": 1.5}]}`, "contributes.apiRoutes.0.rateLimit", "a whole number from 1"},
		{"rateLimit is finite", "contributes", `{"apiRoutes": [{"method": "GET", "path": "a", "handler": "a.js", "rateLimit": 1e999}]}`, "contributes.apiRoutes.0.rateLimit", "a whole number from 1"},
		{"configuration has a title", "contributes", `{"configuration": {"properties": {}}}`, "contributes.configuration.title", "Required"},
		{"configuration has properties", "contributes", `{"configuration": {"title": "T"}}`, "contributes.configuration.properties", "Required"},
		{"properties have a type", "contributes", `{"configuration": {"title": "T", "properties": {"a": {}}}}`, "contributes.configuration.properties.a.type", "Required"},
		{"properties have a known type", "contributes", `{"configuration": {"title": "T", "properties": {"a": {"type": "integer"}}}}`, "contributes.configuration.properties.a.type", "one of string, number, boolean, array, object"},
		{"properties have a name", "contributes", `{"configuration": {"title": "T", "properties": {"": {"type": "string"}}}}`, "contributes.configuration.properties.", "a name without control characters"},
		{"properties have a plain name", "contributes", `{"configuration": {"title": "T", "properties": {"a\u001b": {"type": "string"}}}}`, `contributes.configuration.properties.a\x1b`, "a name without control characters"},
		{"bounds are numbers", "contributes", `{"configuration": {"title": "T", "properties": {"a": {"type": "number", "minimum": "1"}}}}`, "contributes.configuration.properties.a.minimum", "Must be a number"},
		{"parts of properties are checked", "contributes", `{"configuration": {"title": "T", "properties": {"a": {"type": "array", "items": {"type": "x"}}}}}`, "contributes.configuration.properties.a.items.type", "one of string"},
		{"permissions is required", "permissions", ``, "permissions", "Required"},
		{"permissions are a list", "permissions", `{"client": "ui:toast"}`, "permissions.client", "Must be a list"},
		{"permissions are strings", "permissions", `{"server": [true]}`, "permissions.server.0", "Must be a string"},
		{"permissions are known", "permissions", `{"server": ["storage:database", "root"]}`, "permissions.server.1", "unknown server permission"},
		{"permissions are not too many", "permissions", `{"client": ["x"` + strings.Repeat(`, "x"`, manifest.MaxPermissions) + `]}`, "permissions.client", "at most 256, received a list of 257"},
		{"permissions keep their place", "permissions", `{"client": ["ui:toast", "ui:x"]}`, "permissions.client.1", "unknown client permission"},
		{"hosts are names", "permissions", `{"server": ["http:domain:*.example.com"]}`, "permissions.server.0", "wildcards are not supported"},
	} {
		_, report := manifest.Parse(write(fields{c.field: c.value}), manifest.Options{})
		if len(report.Errors) != 1 {
			t.Errorf("%s: %d errors, want 1:\n%v", c.rule, len(report.Errors), report)
			continue
		}
		if got := report.Errors[0]; got.Path != c.path || !strings.Contains(got.String(), c.want) {
			t.Errorf("%s: got %q at %q, want %q at %q", c.rule, got, got.Path, c.want, c.path)
		}
	}
}

func TestParseWarns(t *testing.T) {
	configuration := func(property string) fields {
		return fields{"contributes": `{"configuration": {"title": "T", "properties": {"a": ` + property + `}}}`}
	}
	for _, c := range []struct {
		rule    string
		changes fields
		want    string
	}{
		{"no icon", fields{"icon": ""}, "icon: No icon"},
		{"no description", fields{"description": ""}, "description: No description"},
		{"no repository", fields{"repository": ""}, "repository: No repository"},
		{"unknown field", fields{"licence": `"MIT"`}, "licence: Unknown field, ignored"},
		{"unknown field that turns the writing", fields{"a\u202egpj": `1`}, `a\u202egpj: Unknown field, ignored`},
		{"native without electronMain", fields{"category": `"native"`, "native": `{"platforms": ["linux"]}`}, "native.electronMain: Native extension without native.electronMain"},
		{"any host", fields{"permissions": `{"server": ["http:fetch"]}`}, "permissions.server: Using http:fetch allows requests to any domain. Consider using http:domain: for specific domains."},
		{"network:fetch without hosts", fields{"permissions": `{"client": ["network:fetch"]}`}, "permissions.client: network:fetch reaches nothing without an http:domain: server permission"},
		{"engines not satisfied", fields{"engines": `{"blueplm": "^1.0.0"}`}, "engines.blueplm: Made for ^1.0.0, this host is 3.9.9; it may not work"},
		{"the same id twice", fields{"contributes": `{"commands": [{"id": "c", "title": "C"}, {"id": "c", "title": "D"}]}`}, "contributes.commands.1.id: An earlier entry has this id too; the first one counts"},
		{"a leading slash", fields{"contributes": `{"apiRoutes": [{"method": "GET", "path": "/a", "handler": "a.js"}]}`}, "contributes.apiRoutes.0.path: Paths are relative to the extension; the leading slash is ignored"},
		{"deprecated property", configuration(`{"type": "string", "deprecationMessage": "use b"}`), "contributes.configuration.properties.a: Deprecated property: use b"},
		{"impossible bounds", configuration(`{"type": "number", "minimum": 2, "maximum": 1}`), "contributes.configuration.properties.a: No number is at least the minimum and at most the maximum"},
		{"descriptions that do not fit", configuration(`{"type": "string", "enum": ["x", "y"], "enumDescriptions": ["X"]}`), "contributes.configuration.properties.a.enumDescriptions: Describes 1 of 2 values"},
		{"a default of another type", configuration(`{"type": "string", "default": 1}`), "contributes.configuration.properties.a.default: The default is not a valid value: Wrong type"},
	} {
		m, report := manifest.Parse(write(c.changes), manifest.Options{})
		if m == nil {
			t.Errorf("%s: %v", c.rule, report)
			continue
		}
		if len(report.Warnings) != 1 || report.Warnings[0].String() != c.want {
			t.Errorf("%s: warnings %v, want %q", c.rule, report.Warnings, c.want)
		}
	}
	for _, changes := range []fields{
		nil,
		{"permissions": `{"client": ["network:fetch"], "server": ["http:domain:a.example"]}`},
		{"engines": `{"annex": "^9.0.0"}`}, // not compared without a version
		{"scopes": `[]`, "events": `[]`, "surfaces": `{}`, "$schema": `"x"`},
	} {
		if _, report := manifest.Parse(write(changes), manifest.Options{}); !report.Valid || len(report.Warnings) > 0 {
			t.Errorf("%v: %v, warnings %v", changes, report, report.Warnings)
		}
	}
}

func TestEngines(t *testing.T) {
	for _, c := range []struct {
		wanted, here string
		want         bool
	}{
		{"^3.0.0", "3.9.9", true},
		{"^1.0.0", "3.9.9", false},
		{"~3.9.0", "3.9.9", true},
		{"~3.8.0", "3.9.9", false},
		{">=3", "3.9.9", true},
		{">3.9.9", "3.9.9", false},
		{"<4.0", "3.9.9", true},
		{"3.9.9", "3.9.9", true},
		{"3.9.8", "3.9.9", false},
		{"=3.9.9", "3.9.9", true},
	} {
		data := write(fields{"engines": fmt.Sprintf(`{"blueplm": %q, "annex": %q}`, c.wanted, c.wanted)})
		_, report := manifest.Parse(data, manifest.Options{BluePLM: c.here, AnnexVersion: c.here, Strict: true})
		if report.Valid != c.want {
			t.Errorf("%s on %s, strict: valid = %v, want %v", c.wanted, c.here, report.Valid, c.want)
		}
		m, report := manifest.Parse(data, manifest.Options{BluePLM: c.here, AnnexVersion: c.here})
		if m == nil || len(report.Warnings) == 0 != c.want {
			t.Errorf("%s on %s: warnings %v", c.wanted, c.here, report.Warnings)
		}
	}
}

func TestParsePermissions(t *testing.T) {
	data := write(fields{
		"permissions": `{"client": ["ui:toast"], "server": ["http:domain:API.example.com", "storage:database"]}`,
		"contributes": `{"apiRoutes": [{"method": "POST", "path": "hook", "handler": "hook.js", "public": true}]}`,
	})
	m, report := manifest.Parse(data, manifest.Options{Permissions: permissions.Policy{Subdomains: true}})
	if m == nil {
		t.Fatal(report)
	}
	want := `{"client":["ui:toast"],"server":["http:domain:api.example.com","storage:database"],"public":true,"subdomains":true}`
	if got, _ := json.Marshal(m.Permissions); string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestParseErrorText(t *testing.T) {
	_, report := manifest.Parse(write(fields{"id": "", "name": "", "version": "", "license": "", "engines": ""}), manifest.Options{})
	want := "Invalid extension manifest:\n" +
		"  - id: Required (expected publisher.name, received nothing)\n" +
		"  - name: Required (expected a string of 1 to 100 characters, received nothing)\n" +
		"  - version: Required (expected a version such as 1.0.0, received nothing)\n" +
		"  ... and 2 more errors"
	var parseError *manifest.ParseError
	if err := report.Err(); !errors.As(err, &parseError) || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	if len(parseError.Issues) != 5 {
		t.Errorf("%d issues, want 5", len(parseError.Issues))
	}
}

func TestErrorsAreBounded(t *testing.T) {
	bad := "[" + strings.Repeat("1,", 50_000) + "1]"
	_, report := manifest.Parse(write(fields{"keywords": bad}), manifest.Options{})
	if len(report.Errors) != 101 {
		t.Fatalf("%d errors, want 100 and the note", len(report.Errors))
	}
	if last := report.Errors[100].Message; last != "Too many errors; the others are left out" {
		t.Errorf("the last one is %q", last)
	}
}

func TestIDs(t *testing.T) {
	if id := manifest.ID("acme.notes"); id.Publisher() != "acme" || id.ShortName() != "notes" {
		t.Errorf("%s is %q and %q", id, id.Publisher(), id.ShortName())
	}
	for s, want := range map[string][2]bool{ // full id, short name
		"acme.notes": {true, false}, "notes": {false, true}, "": {false, false}, "a.b.c": {false, false},
		"Acme.notes": {false, false}, "acme/notes": {false, false}, "acme.notes\n": {false, false},
		strings.Repeat("a", 129): {false, false},
	} {
		if got := [2]bool{manifest.IsID(s), manifest.IsShortName(s)}; got != want {
			t.Errorf("%q: got %v, want %v", s, got, want)
		}
	}
}
