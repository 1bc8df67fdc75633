package bridgetest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/storage"
)

// stored prepares values by calling storage.set.
func stored(pairs ...string) func(f *Fixture) {
	return func(f *Fixture) {
		for i := 0; i < len(pairs); i += 2 {
			must(f.Call("storage.set", fmt.Sprintf(`{"key":%q,"value":%s}`, pairs[i], pairs[i+1])))
		}
	}
}

// holds checks a stored value, empty for none.
func holds(key, want string) func(f *Fixture) error {
	return func(f *Fixture) error {
		got, err := f.Call("storage.get", fmt.Sprintf(`{"key":%q}`, key))
		if err == nil && got != want {
			err = fmt.Errorf("%s is %s, want %s", key, got, want)
		}
		return err
	}
}

func storageCases() []Case {
	long := strings.Repeat("k", 256)
	return []Case{
		{Method: "storage.get", Rule: "a stored value comes back as it was", Prepare: stored("a", `{"x":[1,"é",null]}`), Args: `{"key":"a"}`, Want: `{"x":[1,"é",null]}`},
		{Method: "storage.get", Rule: "a key without a value is undefined", Args: `{"key":"a"}`},
		{Method: "storage.get", Rule: "null is a value", Prepare: stored("a", `null`), Args: `{"key":"a"}`, Want: `null`},
		{Method: "storage.get", Rule: "a key may have colons, slashes, dots, dashes and underscores", Prepare: stored("lastSync:vault-1/a.b_c", `1`), Args: `{"key":"lastSync:vault-1/a.b_c"}`, Want: `1`},
		{Method: "storage.get", Rule: "the key is the string that its escapes spell", Prepare: stored("a", `1`), Args: `{"\u006bey":"\u0061"}`, Want: `1`},
		{Method: "storage.get", Rule: "config is the configuration until the extension writes it", Config: Config{Config: []byte(`{"color":"red"}`)}, Args: `{"key":"config"}`, Want: `{"color":"red"}`},
		{Method: "storage.get", Rule: "config is the extension's own once it has written it", Config: Config{Config: []byte(`{"color":"red"}`)}, Prepare: stored("config", `5`), Args: `{"key":"config"}`, Want: `5`},
		{Method: "storage.get", Rule: "config is undefined when nothing is configured", Args: `{"key":"config"}`},
		{Method: "storage.get", Rule: "an empty key is refused", Args: `{"key":""}`, Code: sandbox.Invalid, Text: "Key must be a non-empty string"},
		{Method: "storage.get", Rule: "a key of 257 characters is refused", Args: `{"key":"` + long + `k"}`, Code: sandbox.Invalid, Text: "Key too long: max 256 characters"},
		{Method: "storage.get", Rule: "other characters are refused", Args: `{"key":"a b"}`, Code: sandbox.Invalid, Text: "Key must only contain alphanumeric characters, dots, dashes, underscores, colons, and slashes"},
		{Method: "storage.get", Rule: "half a surrogate pair is an other character", Args: `{"key":"\ud800"}`, Code: sandbox.Invalid, Text: "Key must only contain"},
		{Method: "storage.get", Rule: "a number is no key", Args: `{"key":1}`, Code: sandbox.Invalid, Text: "storage.get: key: want a string, got a number"},
		{Method: "storage.get", Rule: "null is no key", Args: `{"key":null}`, Code: sandbox.Invalid, Text: "storage.get: key: want a string, got null"},
		{Method: "storage.get", Rule: "no key is refused by name", Args: `{}`, Code: sandbox.Invalid, Text: "storage.get: missing argument key"},
		{Method: "storage.get", Rule: "a key given twice is refused", Args: `{"key":"a","key":"b"}`, Code: sandbox.Invalid, Text: "argument key is given twice"},
		{Method: "storage.get", Rule: "without the permission nothing else is looked at", Config: Config{Granted: []permissions.Permission{permissions.SecretsRead}}, Args: `{"key":"a"}`, Code: sandbox.Denied, Text: "Permission denied: storage:database not granted to extension acme.notes"},
		{Method: "storage.get", Rule: "a store that is full or gone is unavailable", Prepare: func(f *Fixture) { f.Storage.Err = storage.ErrUnavailable }, Args: `{"key":"a"}`, Code: sandbox.Unavailable},
		{
			Method: "storage.get", Rule: "a fault of the host tells the guest an id and nothing else",
			Prepare: func(f *Fixture) { f.Storage.Err = errors.New("/var/lib: disk on fire") }, Args: `{"key":"a"}`,
			Code: sandbox.Internal, Text: "internal error (call inv-1/1)",
			After: func(f *Fixture) error {
				if got := fmt.Sprint(f.Faults.All()); got != "[inv-1/1 storage.get /var/lib: disk on fire]" {
					return fmt.Errorf("faults are %s", got)
				}
				return nil
			},
		},

		{Method: "storage.set", Rule: "a value is stored", Args: `{"key":"a","value":{"x":1}}`, After: holds("a", `{"x":1}`)},
		{Method: "storage.set", Rule: "a value is replaced", Prepare: stored("a", `1`), Args: `{"key":"a","value":2}`, After: holds("a", `2`)},
		{Method: "storage.set", Rule: "a key of 256 characters is allowed", Args: `{"key":"` + long + `","value":1}`, After: holds(long, `1`)},
		{Method: "storage.set", Rule: "halves of surrogate pairs become U+FFFD", Args: `{"key":"a","value":["\ud800x","\udc00\ud800","\ud83d\ude00","\\ud800"]}`, After: holds("a", `["\ufffdx","\ufffd\ufffd","\ud83d\ude00","\\ud800"]`)},
		{Method: "storage.set", Rule: "null options are no options", Args: `{"key":"a","value":1,"options":null}`, After: holds("a", `1`)},
		{Method: "storage.set", Rule: "a time to live is taken", Args: `{"key":"a","value":1,"options":{"expiresIn":60}}`, After: holds("a", `1`)},
		{Method: "storage.set", Rule: "undefined is no value", Args: `{"key":"a"}`, Code: sandbox.Invalid, Text: "missing argument value", After: holds("a", "")},
		{Method: "storage.set", Rule: "a time to live of 0 is refused", Args: `{"key":"a","value":1,"options":{"expiresIn":0}}`, Code: sandbox.Invalid, Text: "options.expiresIn must be 1 to 31536000 seconds, got 0", After: holds("a", "")},
		{Method: "storage.set", Rule: "a time to live over a year is refused", Args: `{"key":"a","value":1,"options":{"expiresIn":31536001}}`, Code: sandbox.Invalid, Text: "options.expiresIn"},
		{Method: "storage.set", Rule: "a time to live is whole seconds", Args: `{"key":"a","value":1,"options":{"expiresIn":1.5}}`, Code: sandbox.Invalid, Text: "options.expiresIn: want a whole number, got 1.5"},
		{Method: "storage.set", Rule: "a misspelt option is refused by name", Args: `{"key":"a","value":1,"options":{"expires":1}}`, Code: sandbox.Invalid, Text: `options: unknown argument "expires" (want expiresIn)`},
		{Method: "storage.set", Rule: "a value nested 128 deep is allowed", Args: `{"key":"a","value":` + nested(127) + `}`, After: holds("a", nested(127))},
		{Method: "storage.set", Rule: "a value nested deeper is refused", Args: `{"key":"a","value":` + nested(128) + `}`, Code: sandbox.Invalid, Text: "value: malformed JSON at byte 146: nested deeper than 128 levels"},
		{Method: "storage.set", Rule: "a value of 102,400 bytes is allowed", Args: `{"key":"a","value":"` + strings.Repeat("x", 102_398) + `"}`},
		{Method: "storage.set", Rule: "a larger value is refused with its size", Args: `{"key":"a","value":"` + strings.Repeat("x", 102_399) + `"}`, Code: sandbox.Exhausted, Text: "Value too large: 102401 bytes (max 102400 bytes)", After: holds("a", "")},
		{Method: "storage.set", Rule: "the 1,001st key is refused", Prepare: full, Args: `{"key":"a","value":1}`, Code: sandbox.Exhausted, Text: "Storage limit exceeded: maximum 1000 keys per extension", After: holds("a", "")},
		{Method: "storage.set", Rule: "a key that is there can be written when there is no room", Prepare: full, Args: `{"key":"k0","value":2}`, After: holds("k0", `2`)},
		{Method: "storage.set", Rule: "the arguments are bounded", Config: Config{Limits: bridge.Limits{ArgumentBytes: 20}}, Args: `{"key":"a","value":10}`, Code: sandbox.Exhausted, Text: "arguments too large: 22 bytes (max 20 bytes)"},

		{Method: "storage.delete", Rule: "a value is removed", Prepare: stored("a", `1`), Args: `{"key":"a"}`, After: holds("a", "")},
		{Method: "storage.delete", Rule: "removing what is not there is no error", Args: `{"key":"a"}`},
		{Method: "storage.delete", Rule: "the key is checked", Args: `{"key":"a*"}`, Code: sandbox.Invalid, Text: "Key must only contain"},

		{Method: "storage.list", Rule: "keys come in the order of their bytes", Prepare: stored("b", `1`, "a", `1`, "Z", `1`, "a:1", `1`), Args: `{}`, Want: `["Z","a","a:1","b"]`},
		{Method: "storage.list", Rule: "no arguments at all list all keys", Prepare: stored("a", `1`), Args: ``, Want: `["a"]`},
		{Method: "storage.list", Rule: "nothing there is an empty list", Args: `{}`, Want: `[]`},
		{Method: "storage.list", Rule: "a prefix is plain text", Prepare: stored("a_1", `1`, "ab1", `1`), Args: `{"prefix":"a_"}`, Want: `["a_1"]`},
		{Method: "storage.list", Rule: "pages continue after a key", Prepare: stored("a", `1`, "b", `1`, "c", `1`), Args: `{"prefix":"","options":{"after":"a","limit":1}}`, Want: `["b"]`},
		{Method: "storage.list", Rule: "a limit of 0 is refused", Args: `{"options":{"limit":0}}`, Code: sandbox.Invalid, Text: "options.limit must be 1 to 1000, got 0"},
		{Method: "storage.list", Rule: "a limit over 1000 is refused", Args: `{"options":{"limit":1001}}`, Code: sandbox.Invalid, Text: "options.limit must be 1 to 1000"},
		{Method: "storage.list", Rule: "a limit beyond all integers is refused", Args: `{"options":{"limit":1e300}}`, Code: sandbox.Invalid, Text: "want a whole number"},
		{Method: "storage.list", Rule: "a prefix has a key's characters", Args: `{"prefix":"%"}`, Code: sandbox.Invalid, Text: "Key must only contain"},
	}
}

// full fills the quota of keys.
func full(f *Fixture) {
	for i := range 1000 {
		stored(fmt.Sprintf("k%d", i), `1`)(f)
	}
}

// nested is JSON with n arrays around a number.
func nested(n int) string { return strings.Repeat("[", n) + "1" + strings.Repeat("]", n) }
