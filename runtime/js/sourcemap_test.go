package js

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestShiftMappings reads mappings back through the consumer: generated line 2
// is the source's first, and columns count from one.
func TestShiftMappings(t *testing.T) {
	type at struct {
		source       string
		line, column int
	}
	for _, c := range []struct {
		rule, mappings string
		line, column   int // generated, from one, the wrapper's line counted
		want           at
	}{
		{"the first character", "AAAA", 2, 1, at{"a.ts", 1, 1}},
		{"another column", "AAAA,IAAM", 2, 5, at{"a.ts", 1, 7}},
		{"between two segments the first holds", "AAAA,IAAM", 2, 4, at{"a.ts", 1, 1}},
		{"another line", "AAAA;AACA", 3, 1, at{"a.ts", 2, 1}},
		{"empty lines", ";;AACA", 4, 1, at{"a.ts", 2, 1}},
		{"another source", "AAAA,ECAA", 2, 3, at{"b.ts", 1, 1}},
		{"names are dropped", "AAAAA,IAAMC", 2, 5, at{"a.ts", 1, 7}},
		{"behind the last segment", "AAAA,IAAM", 2, 50, at{"a.ts", 1, 7}},
		{"backwards", "AAEA,IADA", 2, 5, at{"a.ts", 2, 1}},
	} {
		text, _ := json.Marshal(map[string]any{"version": 3, "sources": []string{"a.ts", "b.ts"}, "names": []string{"n"}, "mappings": c.mappings})
		consumer, err := readSourceMap(text, 1<<20)
		if err != nil {
			t.Errorf("%s: %v", c.rule, err)
			continue
		}
		source, _, line, column, ok := consumer.Source(c.line, c.column)
		if got := (at{source, line, column}); !ok || got != c.want {
			t.Errorf("%s: %s: got %v, %v, want %v", c.rule, c.mappings, got, ok, c.want)
		}
	}
}

func TestReadSourceMapRefuses(t *testing.T) {
	for _, c := range []struct{ rule, text string }{
		{"no JSON", `{`},
		{"another version", `{"version":2,"sources":["a"],"mappings":"AAAA"}`},
		{"a source that does not exist", `{"version":3,"sources":["a"],"mappings":"ACAA"}`},
		{"no source at all", `{"version":3,"sources":[],"mappings":"AAAA"}`},
		{"a negative source", `{"version":3,"sources":["a"],"mappings":"ADAA"}`},
		{"a negative line", `{"version":3,"sources":["a"],"mappings":"AADA"}`},
		{"a negative column", `{"version":3,"sources":["a"],"mappings":"DAAA"}`},
		{"no digit", `{"version":3,"sources":["a"],"mappings":"AA!A"}`},
		{"an unfinished number", `{"version":3,"sources":["a"],"mappings":"AAAg"}`},
		{"too many fields", `{"version":3,"sources":["a"],"mappings":"AAAAAA"}`},
		{"too few fields", `{"version":3,"sources":["a"],"mappings":"AA"}`},
		{"too large a number", `{"version":3,"sources":["a"],"mappings":"AA////////////A"}`},
		{"too long", `{"version":3,"sources":["` + strings.Repeat("a", 2000) + `"],"mappings":"AAAA"}`},
	} {
		if _, err := readSourceMap([]byte(c.text), 1000); err == nil {
			t.Errorf("%s: was read: %.80s", c.rule, c.text)
		}
	}
}

// FuzzSourceMap checks that what is read can be asked without a panic.
func FuzzSourceMap(f *testing.F) {
	f.Add("AAAA;;IACA,EAAEA", 2)
	f.Add("AAgggggB", 1)
	f.Fuzz(func(t *testing.T, mappings string, sources int) {
		text, err := json.Marshal(map[string]any{"version": 3, "sources": make([]string, max(0, sources%8)), "mappings": mappings})
		if err != nil {
			t.Skip("not a text that JSON can hold:", err)
		}
		consumer, err := readSourceMap(text, 1<<20)
		if err != nil {
			return
		}
		for line := range 6 {
			for column := range 40 {
				consumer.Source(line, column)
			}
		}
	})
}
