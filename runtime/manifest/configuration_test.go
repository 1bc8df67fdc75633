package manifest_test

import (
	"strings"
	"testing"

	"github.com/annexhost/annex/runtime/manifest"
)

const properties = `{
	"name": {"type": "string", "default": "x"},
	"mode": {"type": "string", "enum": ["push", "pull"], "order": 2},
	"level": {"type": "number", "enum": [1, 2.5], "order": 1},
	"rate": {"type": "number", "minimum": 1, "maximum": 60, "default": 5},
	"on": {"type": "boolean", "default": false},
	"hosts": {"type": "array", "items": {"type": "string"}},
	"anything": {"type": "array"},
	"proxy": {"type": "object", "properties": {"host": {"type": "string"}, "port": {"type": "number", "default": 8080}}},
	"free": {"type": "object"},
	"shape": {"type": "object", "enum": [{"a": [1, "x"]}, {}]}
}`

func configuration(t *testing.T) *manifest.Configuration {
	t.Helper()
	m, report := manifest.Parse(write(fields{"contributes": `{"configuration": {"title": "T", "properties": ` + properties + `}}`}), manifest.Options{})
	if m == nil {
		t.Fatal(report)
	}
	return m.Contributes.Configuration
}

func TestValidate(t *testing.T) {
	c := configuration(t)
	for _, values := range []string{
		`{}`, `{"name": ""}`, `{"mode": "pull"}`, `{"level": 2.5}`, `{"level": 1.0}`, `{"rate": 1}`, `{"rate": 60}`, `{"rate": 1.5}`,
		`{"on": true}`, `{"hosts": []}`, `{"hosts": ["a", "b"]}`, `{"anything": [1, "a", null, {}]}`, `{"proxy": {}}`,
		`{"proxy": {"host": "h", "port": 1}}`, `{"free": {"a": {"b": []}}}`,
		`{"shape": {"a": [1.0, "x"]}}`, `{"shape": {}}`,
	} {
		if issues := c.Validate([]byte(values)); len(issues) > 0 {
			t.Errorf("%s: %v", values, issues)
		}
	}
	for _, tt := range []struct{ values, want string }{
		{`{"name": 1}`, "name: Wrong type (expected a value of type string, received number 1)"},
		{`{"name": null}`, "name: Wrong type (expected a value of type string, received null)"},
		{`{"mode": "both"}`, `mode: Not one of the values (expected one of "push", "pull", received "both")`},
		{`{"level": 3}`, "level: Not one of the values (expected one of 1, 2.5, received number 3)"},
		{`{"level": "1"}`, "level: Wrong type"},
		{`{"rate": 0.5}`, "rate: Too small (expected at least 1, received number 0.5)"},
		{`{"rate": 61}`, "rate: Too large (expected at most 60, received number 61)"},
		{`{"rate": 1e999}`, "rate: Too large (expected a number that a double can hold, received number 1e999)"},
		{`{"on": "true"}`, "on: Wrong type"},
		{`{"hosts": "a"}`, "hosts: Wrong type"},
		{`{"hosts": ["a", 1]}`, "hosts.1: Wrong type"},
		{`{"proxy": []}`, "proxy: Wrong type"},
		{`{"proxy": {"port": "80"}}`, "proxy.port: Wrong type"},
		{`{"proxy": {"user": "u"}}`, "proxy.user: Unknown property (expected one of host, port, received \"u\")"},
		{`{"shape": {"a": [1, "x"], "b": 1}}`, "shape: Not one of the values"},
		{`{"shape": {"b": [1, "x"]}}`, "shape: Not one of the values"},
		{`{"shape": {"a": [1]}}`, "shape: Not one of the values"},
		{`{"other": 1}`, "other: Unknown property (expected one of level, mode, name, rate, on, hosts, anything, proxy, free, shape, received number 1)"},
		{`{"name": "a", "name": "b"}`, "name: Duplicate key"},
		{`{"__proto__": {}}`, "__proto__: This key is not allowed"},
		{`[]`, "Must be an object"},
		{`null`, "Must be an object"},
		{`{"name"`, "Invalid JSON: unexpected end of JSON input"},
		{``, "Invalid JSON: unexpected end of JSON input"},
	} {
		issues := c.Validate([]byte(tt.values))
		if len(issues) != 1 || !strings.HasPrefix(issues[0].String(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.values, issues, tt.want)
		}
	}
	if issues := c.Validate([]byte(`{"name": 1, "rate": 0, "x": 1}`)); len(issues) != 3 {
		t.Errorf("%d issues at once, want 3: %v", len(issues), issues)
	}
}

func TestWithDefaults(t *testing.T) {
	c := configuration(t)
	for _, tt := range []struct{ rule, values, want string }{
		{"nothing is set", ``, `{"name":"x","rate":5,"on":false}`},
		{"an empty object", `{}`, `{"name":"x","rate":5,"on":false}`},
		{"what is set stays, in the order of the properties", `{"on":true,"mode":"pull","rate":7}`, `{"mode":"pull","name":"x","rate":7,"on":true}`},
		{"defaults inside an object", `{"proxy":{"host":"h"}}`, `{"name":"x","rate":5,"on":false,"proxy":{"host":"h","port":8080}}`},
		{"free objects stay", `{"free":{"b":1,"a":2}}`, `{"name":"x","rate":5,"on":false,"free":{"b":1,"a":2}}`},
		{"what is not valid any more counts as not set", `{"name":7,"mode":"both","gone":1}`, `{"name":"x","rate":5,"on":false}`},
		{"numbers stay as they are written", `{"rate":1.50}`, `{"name":"x","rate":1.50,"on":false}`},
	} {
		got, err := c.WithDefaults([]byte(tt.values))
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: got %s, %v; want %s", tt.rule, got, err, tt.want)
		}
	}
	for _, values := range []string{`[]`, `null`, `{"a"`, `{"a":1,"a":2}`} {
		if got, err := c.WithDefaults([]byte(values)); err == nil {
			t.Errorf("%s: got %s, want an error", values, got)
		}
	}
}

func TestNoConfiguration(t *testing.T) {
	var c *manifest.Configuration
	if issues := c.Validate([]byte(`{}`)); len(issues) > 0 {
		t.Errorf("an empty object: %v", issues)
	}
	if issues := c.Validate([]byte(`{"a": 1}`)); len(issues) != 1 || issues[0].Expected != "no properties" {
		t.Errorf("a value: %v", issues)
	}
	if got, err := c.WithDefaults([]byte(`{"a": 1}`)); err != nil || string(got) != `{}` {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestActivationEvents(t *testing.T) {
	for _, c := range []struct {
		waits, happened string
		want            bool
	}{
		{"onStartup", "onStartup", true},
		{"onStartup", "onExtensionEnabled", false},
		{"onCommand:a.b", "onCommand:a.b", true},
		{"onCommand:a.b", "onCommand:a.bc", false},
		{"onCommand:a", "onView:a", false},
		{"onView:Panel", "onView:panel", false},
		{"onNavigate:/files", "onNavigate:/files/7", true},
		{"onNavigate:/files/7", "onNavigate:/files", false},
		{"onFileType:.sldprt", "onFileType:.SLDPRT", true},
		{"onFileType:.sldprt", "onFileType:.sldasm", false},
	} {
		waits, err := manifest.ParseActivationEvent(c.waits)
		if err != nil {
			t.Fatal(err)
		}
		happened, err := manifest.ParseActivationEvent(c.happened)
		if err != nil {
			t.Fatal(err)
		}
		if got := waits.Matches(happened); got != c.want {
			t.Errorf("%s, %s happened: %v, want %v", c.waits, c.happened, got, c.want)
		}
		if waits.String() != c.waits {
			t.Errorf("%s is written %s", c.waits, waits)
		}
	}
	for _, s := range []string{"", "onMoonrise", "onStartup:", "onStartup:x", "onCommand", "onCommand:", "ONSTARTUP", "onStartup "} {
		if e, err := manifest.ParseActivationEvent(s); err == nil {
			t.Errorf("%q is read as %v", s, e)
		}
	}
}
