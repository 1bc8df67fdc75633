package bridge

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCheckJSON(t *testing.T) {
	for _, text := range []string{
		`null`, `true`, `false`, `0`, `-0`, `1.5e+10`, `1E-2`, `""`, `"a\u00e9\n\/\ud83d\ude00"`, `[]`, `{}`, ` [ 1 , { "a" : [ ] } ] `,
		`{"a":1,"a":2}`, `"` + "é\u2028" + `"`, nested(maxDepth),
	} {
		if _, err := checkJSON([]byte(text)); err != nil {
			t.Errorf("%.40s: %v", text, err)
		}
		if !json.Valid([]byte(text)) {
			t.Errorf("%.40s is not JSON to encoding/json", text)
		}
	}
	for _, text := range []string{
		``, ` `, `nul`, `nulll`, `tru`, `+1`, `01`, `1.`, `.5`, `1e`, `1e+`, `-`, `0x1`, `NaN`, `Infinity`, `'a'`, `"`, `"a`, `"\`, `"\x"`,
		`"\u12"`, `"\u12g4"`, "\"\x01\"", "\"\n\"", "\"\xff\"", "\"\xc3\"", "\"\xed\xa0\x80\"", `[`, `[1`, `[1,`, `[1,]`, `[,1]`, `[1 2]`, `]`, `{`, `{"a"`, `{"a":`,
		`{"a":}`, `{"a":1,}`, `{a:1}`, `{"a" 1}`, `{1:2}`, `[}`, `{]`, `1 2`, `{} {}`, `/**/1`, "\ufeff1", nested(maxDepth + 1),
	} {
		if _, err := checkJSON([]byte(text)); err == nil {
			t.Errorf("%.40q was accepted", text)
		}
	}
}

func nested(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

func TestSyntaxErrorsNameTheirPlace(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":1,}`: "malformed JSON at byte 7: expected a name in quotes",
		`[1 2]`:    "malformed JSON at byte 3: expected a comma or the end of the list",
		`{"a":`:    "malformed JSON at byte 5: unexpected end",
		"[\"\xff":  "malformed JSON at byte 2: invalid UTF-8",
	} {
		if _, err := checkJSON([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestHalvesOfSurrogatePairsAreReplaced(t *testing.T) {
	for text, want := range map[string]string{
		`"\ud800"`:              `"\ufffd"`,
		`"\uDC00\uD800"`:        `"\ufffd\ufffd"`,
		`"\ud83d\ude00"`:        `"\ud83d\ude00"`,
		`"\ud800\ud83d\ude00"`:  `"\ufffd\ud83d\ude00"`,
		`"\ud800\u0041"`:        `"\ufffd\u0041"`,
		`"\\ud800"`:             `"\\ud800"`,
		`"\\\ud800"`:            `"\\\ufffd"`,
		`{"\udfff":["\udfff"]}`: `{"\ufffd":["\ufffd"]}`,
	} {
		in := []byte(text)
		got, err := checkJSON(in)
		if err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v, want %s", text, got, err, want)
		}
		if string(in) != text {
			t.Errorf("%s: the caller's text was changed to %s", text, in)
		}
	}
}

// FuzzCheckJSON: what is accepted is JSON to encoding/json too, and stays what it
// means; what is refused is not JSON, or is what only this package refuses.
func FuzzCheckJSON(f *testing.F) {
	for _, seed := range []string{`{"a":[1,-2.5e3,"\ud800\ud83d\ude00\n",null,true]}`, `[`, `"\u`, "\"\xff\"", ` 1 `, nested(maxDepth + 1)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := checkJSON(text)
		if err != nil {
			stricter := !utf8.Valid(text) || bytes.Count(text, []byte("["))+bytes.Count(text, []byte("{")) > maxDepth
			if json.Valid(text) && !stricter {
				t.Fatalf("%q was refused: %v", text, err)
			}
			return
		}
		if !json.Valid(text) || !json.Valid(got) {
			t.Fatalf("%q was accepted as %q", text, got)
		}
		same, err := equalJSON(text, got)
		if err != nil || !same {
			t.Fatalf("%q became %q: equal %v, %v", text, got, same, err)
		}
		var s string
		if json.Unmarshal(got, &s) == nil && len(got) > 0 && bytes.TrimSpace(got)[0] == '"' {
			d := decoder{scanner: scanner{data: bytes.TrimSpace(got)}}
			if mine, err := d.text(); err != nil || mine != s {
				t.Fatalf("%q means %q, and was read as %q, %v", got, s, mine, err)
			}
		}
	})
}

func TestEqualJSON(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{`1`, `1.0`, true}, {`1`, `10e-1`, true}, {`0`, `-0`, true}, {`1`, `2`, false}, {`1`, `"1"`, false}, {`1`, `true`, false},
		{`9007199254740993`, `9007199254740992`, true}, // the same double
		{`1e999`, `2e999`, true},                       // both are Infinity
		{`"\u0061"`, `"a"`, true}, {`"a"`, `"b"`, false},
		{`null`, `null`, true}, {`null`, `false`, false}, {`null`, `{}`, false}, {`null`, `0`, false},
		{`[1,[2]]`, ` [ 1 , [ 2 ] ] `, true}, {`[1]`, `[1,1]`, false}, {`[]`, `{}`, false},
		{`{"a":1,"b":2}`, `{"b":2,"a":1}`, true}, {`{"a":1}`, `{"a":1,"b":1}`, false}, {`{"a":1,"b":1}`, `{"a":1}`, false},
		{`{"a":null}`, `{"b":null}`, false}, {`{"a":1,"a":2}`, `{"a":2}`, true},
	} {
		if got, err := equalJSON([]byte(c.a), []byte(c.b)); err != nil || got != c.want {
			t.Errorf("%s and %s: got %v, %v, want %v", c.a, c.b, got, err, c.want)
		}
	}
}

func TestAppendString(t *testing.T) {
	for in, want := range map[string]string{
		"a\"\\/\n\r\t\x00\x1f": `"a\"\\/\n\r\t\u0000\u001f"`,
		"é\u2028😀":             "\"é\u2028😀\"",
		"a\xffb\xc3":           "\"a\ufffdb\ufffd\"",
		"":                     `""`,
	} {
		if got := string(appendString(nil, in)); got != want || !json.Valid([]byte(got)) {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}
