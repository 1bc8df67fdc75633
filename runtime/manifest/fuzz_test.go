package manifest_test

import (
	"encoding/json"
	"testing"

	"github.com/annexhost/annex/runtime/manifest"
)

// FuzzConfiguration has strangers write both: the schema of a configuration, in
// a manifest, and the values for it. What comes of them for handlers is a JSON
// object that is valid itself, if the manifest is.
func FuzzConfiguration(f *testing.F) {
	f.Add([]byte(properties), []byte(`{"name":"y","rate":7,"proxy":{"host":"h"},"shape":{"a":[1,"x"]}}`))
	f.Add([]byte(properties), []byte(`{"name":null,"rate":"7","__proto__":{}}`))
	f.Add([]byte(`{"a":{"type":"object","properties":{"a":{"type":"array","items":{"type":"number","default":1}}}}}`), []byte(`{"a":{"a":[1e999]}}`))
	f.Add([]byte(`{}`), []byte(`[`))
	f.Fuzz(func(t *testing.T, schema, values []byte) {
		m, _ := manifest.Parse(write(fields{"contributes": `{"configuration": {"title": "T", "properties": ` + string(schema) + `}}`}), manifest.Options{})
		if m == nil {
			return
		}
		c := m.Contributes.Configuration
		issues := c.Validate(values)
		filled, err := c.WithDefaults(values)
		if err != nil {
			if len(issues) == 0 {
				t.Fatalf("%s: valid, and yet %v", values, err)
			}
			return
		}
		var object map[string]json.RawMessage
		if err := json.Unmarshal(filled, &object); err != nil {
			t.Fatalf("%s becomes %s: %v", values, filled, err)
		}
		if len(issues) == 0 {
			if again := c.Validate(filled); len(again) > 0 {
				t.Fatalf("%s becomes %s, which is not valid: %v", values, filled, again)
			}
		}
	})
}
