package bridgetest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/annexhost/annex/runtime/sandbox"
)

func storageBatchCases() []Case {
	keys := strings.TrimSuffix(strings.Repeat(`"k",`, 101), ",")
	return []Case{
		{Method: "storage.getMany", Rule: "values come in the order of the keys, each in a list, absent ones as empty lists", Prepare: stored("a", `1`, "b", `null`), Args: `{"keys":["b","x","a","a"]}`, Want: `[[null],[],[1],[1]]`},
		{Method: "storage.getMany", Rule: "no keys are no values", Args: `{"keys":[]}`, Want: `[]`},
		{Method: "storage.getMany", Rule: "config is the configuration here too", Config: Config{Config: []byte(`{}`)}, Args: `{"keys":["config"]}`, Want: `[[{}]]`},
		{Method: "storage.getMany", Rule: "101 keys are refused", Args: `{"keys":[` + keys + `]}`, Code: sandbox.Invalid, Text: "Too many keys: 101 (max 100 in one call)"},
		{Method: "storage.getMany", Rule: "a list of over 1,000 items is not read to its end", Args: `{"keys":[` + strings.Repeat(`"k",`, 1000) + `!`, Code: sandbox.Invalid, Text: "keys: more than 1000 items"},
		{Method: "storage.getMany", Rule: "every key is checked", Args: `{"keys":["a",""]}`, Code: sandbox.Invalid, Text: "Key must be a non-empty string"},
		{Method: "storage.getMany", Rule: "a string is no list of keys", Args: `{"keys":"abc"}`, Code: sandbox.Invalid, Text: "keys: want an array, got a string"},

		{Method: "storage.setMany", Rule: "all values are stored", Args: `{"entries":{"a":1,"b":{"c":2}}}`, After: func(f *Fixture) error { return errors.Join(holds("a", `1`)(f), holds("b", `{"c":2}`)(f)) }},
		{Method: "storage.setMany", Rule: "no entries change nothing", Args: `{"entries":{}}`},
		{Method: "storage.setMany", Rule: "one bad key and nothing is stored", Args: `{"entries":{"a":1,"b ":2}}`, Code: sandbox.Invalid, Text: "Key must only contain", After: holds("a", "")},
		{Method: "storage.setMany", Rule: "no room for one of them and nothing is stored", Prepare: full, Args: `{"entries":{"k0":2,"a":1}}`, Code: sandbox.Exhausted, Text: "Storage limit exceeded", After: holds("k0", `1`)},
		{Method: "storage.setMany", Rule: "a key given twice is refused, however it is spelt", Args: `{"entries":{"a":1,"\u0061":2}}`, Code: sandbox.Invalid, Text: `entries: name "a" is given twice`},
		{Method: "storage.setMany", Rule: "an object of over 1,000 members is not read to its end", Args: `{"entries":{` + members(1001) + `!`, Code: sandbox.Invalid, Text: "entries: more than 1000 members"},
		{Method: "storage.setMany", Rule: "101 keys are refused", Args: `{"entries":{` + strings.TrimSuffix(members(101), ",") + `}}`, Code: sandbox.Invalid, Text: "Too many keys: 101 (max 100 in one call)"},
		{Method: "storage.setMany", Rule: "__proto__ is a name like any other", Args: `{"entries":{"__proto__":1}}`, After: holds("__proto__", `1`)},
		{Method: "storage.setMany", Rule: "a list is no object", Args: `{"entries":[]}`, Code: sandbox.Invalid, Text: "entries: want an object, got an array"},

		{Method: "storage.compareAndSet", Rule: "an equal value is replaced", Prepare: stored("a", `1`), Args: `{"key":"a","expected":1,"value":2}`, Want: `true`, After: holds("a", `2`)},
		{Method: "storage.compareAndSet", Rule: "another value stays", Prepare: stored("a", `3`), Args: `{"key":"a","expected":1,"value":2}`, Want: `false`, After: holds("a", `3`)},
		{Method: "storage.compareAndSet", Rule: "undefined expects no value", Args: `{"key":"a","value":2}`, Want: `true`, After: holds("a", `2`)},
		{Method: "storage.compareAndSet", Rule: "undefined does not expect a value", Prepare: stored("a", `3`), Args: `{"key":"a","value":2}`, Want: `false`, After: holds("a", `3`)},
		{Method: "storage.compareAndSet", Rule: "undefined as the value removes the key", Prepare: stored("a", `3`), Args: `{"key":"a","expected":3}`, Want: `true`, After: holds("a", "")},
		{Method: "storage.compareAndSet", Rule: "null is a value, not its absence", Args: `{"key":"a","expected":null,"value":2}`, Want: `false`, After: holds("a", "")},
		{Method: "storage.compareAndSet", Rule: "the order of members does not count", Prepare: stored("a", `{"x":1,"y":[true,"s"]}`), Args: `{"key":"a","expected":{"y":[true,"s"],"x":1.0},"value":2}`, Want: `true`},
		{Method: "storage.compareAndSet", Rule: "the order of items does", Prepare: stored("a", `[1,2]`), Args: `{"key":"a","expected":[2,1],"value":2}`, Want: `false`},
		{Method: "storage.compareAndSet", Rule: "a member more is another value", Prepare: stored("a", `{"x":1}`), Args: `{"key":"a","expected":{"x":1,"y":1},"value":2}`, Want: `false`},

		{Method: "storage.increment", Rule: "no value counts as 0", Args: `{"key":"n"}`, Want: `1`, After: holds("n", `1`)},
		{Method: "storage.increment", Rule: "it adds what is given", Prepare: stored("n", `1.5`), Args: `{"key":"n","by":-2}`, Want: `-0.5`, After: holds("n", `-0.5`)},
		{Method: "storage.increment", Rule: "a string is not a number", Prepare: stored("n", `"1"`), Args: `{"key":"n"}`, Code: sandbox.Invalid, Text: "The value of n is not a number", After: holds("n", `"1"`)},
		{Method: "storage.increment", Rule: "a sum that is infinite is refused", Prepare: stored("n", `1.7e308`), Args: `{"key":"n","by":1.7e308}`, Code: sandbox.Invalid, Text: "too large for a number", After: holds("n", `1.7e308`)},
		{Method: "storage.increment", Rule: "NaN, which is null in JSON, is refused", Args: `{"key":"n","by":null}`, Code: sandbox.Invalid, Text: "by: want a number, got null", After: holds("n", "")},
	}
}

// members is JSON of n members, each with a comma after it.
func members(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, `"k%d":1,`, i)
	}
	return out.String()
}
