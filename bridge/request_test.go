package bridge

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/annexhost/annex/runtime/sandbox"
)

// member returns one member of the request that Input makes, as JSON; empty when
// it is absent.
func member(t *testing.T, r Request, name string) string {
	t.Helper()
	p, err := Input(r, nil, nil)
	if err != nil {
		t.Fatalf("%+v: %v", r, err)
	}
	var in struct {
		Request map[string]json.RawMessage `json:"request"`
	}
	if err := json.Unmarshal(p.JSON, &in); err != nil {
		t.Fatalf("%s: %v", p.JSON, err)
	}
	return string(in.Request[name])
}

func TestInput(t *testing.T) {
	r := Request{
		ID: "inv-1", Method: "POST", Path: "notes/7", URL: "https://host/extensions/acme.notes/notes/7?a=1", RawQuery: "a=1",
		Params: map[string]string{"id": "7", "b": `"`}, Header: [][2]string{{"Content-Type", "application/json"}}, Body: []byte(`{"x":[1]}`),
	}
	got, err := Input(r, &User{ID: "u1", Email: "a@b.c", OrgID: "o1", Role: "admin"}, json.RawMessage(`{"color":"red"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"request":{"id":"inv-1","method":"POST","path":"notes/7","url":"https://host/extensions/acme.notes/notes/7?a=1",` +
		`"query":{"a":"1"},"queryAll":{"a":["1"]},"params":{"b":"\"","id":"7"},"headers":{"content-type":"application/json"},` +
		`"body":{"x":[1]},"rawBody":{"$blob":0}},"user":{"id":"u1","email":"a@b.c","orgId":"o1","role":"admin"},"config":{"color":"red"}}`
	if string(got.JSON) != want {
		t.Errorf("got\n%s\nwant\n%s", got.JSON, want)
	}
	if len(got.Blobs) != 1 || !bytes.Equal(got.Blobs[0], r.Body) {
		t.Errorf("blobs are %q", got.Blobs)
	}
	got, err = Input(Request{}, nil, nil)
	want = `{"request":{"id":"","method":"","path":"","url":"","query":{},"queryAll":{},"params":{},"headers":{},"rawBody":{"$blob":0}},"user":null,"config":{}}`
	if err != nil || string(got.JSON) != want || len(got.Blobs) != 1 {
		t.Errorf("an anonymous request without a body: got %s, %v", got.JSON, err)
	}
}

func TestInputBody(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	for _, c := range []struct{ rule, kind, body, want string }{
		{"JSON is parsed", "application/json", ` {"a":1} `, ` {"a":1} `},
		{"JSON may be any value", "application/json; charset=utf-8", `5`, `5`},
		{"a type that ends in +json is JSON", "Application/Problem+JSON", `null`, `null`},
		{"a byte order mark is no part of JSON", "application/json", "\ufeff[1]", `[1]`},
		{"halves of surrogate pairs become U+FFFD", "application/json", `"\ud800"`, `"\ufffd"`},
		{"a form is an object", form, "a=1&b=x+y%26%C3%A9&c", `{"a":"1","b":"x y&é","c":""}`},
		{"the last value of a name wins", form + ";charset=utf-8", "a=1&b=2&a=3", `{"a":"3","b":"2"}`},
		{"__proto__ is a name like any other", form, "__proto__=1", `{"__proto__":"1"}`},
		{"text is a string", "text/plain", `{"a":1}`, `"{\"a\":1}"`},
		{"no type is a string", "", "a=1", `"a=1"`},
		{"a type that nobody understands is a string", "///;;;", "x", `"x"`},
		{"a type with broken parameters is still one", "application/json; charset", `1`, `1`},
		{"multipart is a string", "multipart/form-data; boundary=x", "--x", `"--x"`},
		{"bytes that are no text become U+FFFD", "application/octet-stream", "a\xff\x00", "\"a\ufffd\\u0000\""},
		{"an empty body of JSON is undefined", "application/json", "", ""},
		{"an empty form is undefined", form, "", ""},
	} {
		r := Request{Header: [][2]string{{"content-TYPE", c.kind}}, Body: []byte(c.body)}
		if got := member(t, r, "body"); strings.TrimSpace(got) != strings.TrimSpace(c.want) {
			t.Errorf("%s: got %s, want %s", c.rule, got, c.want)
		}
	}
}

func TestInputRefusesABodyThatIsNotWhatItSays(t *testing.T) {
	for _, c := range []struct{ rule, kind, body, query, text string }{
		{"malformed JSON", "application/json", `{"a":`, "", "request: the body: malformed JSON at byte 5: unexpected end"},
		{"two values", "application/json", `{} {}`, "", "unexpected text after the value"},
		{"invalid UTF-8", "application/json", "\"\xff\"", "", "invalid UTF-8"},
		{"white space alone", "application/json", " ", "", "unexpected end"},
		{"too deep", "application/json", strings.Repeat("[", 200), "", "nested deeper than 128 levels"},
		{"too many names in a form", "application/x-www-form-urlencoded", strings.Repeat("a&", 1001), "", "the body: more than 1000 names"},
		{"too many names in the query", "", "", strings.Repeat("a=1&", 1001), "the query: more than 1000 names"},
	} {
		_, err := Input(Request{Header: [][2]string{{"Content-Type", c.kind}}, Body: []byte(c.body), RawQuery: c.query}, nil, nil)
		want := &sandbox.Error{Code: sandbox.Invalid, Reason: sandbox.ReasonBody}
		if c.query != "" {
			want.Reason = ""
		}
		if e := sandbox.AsError(err); e == nil || e.Code != want.Code || e.Reason != want.Reason || !strings.Contains(e.Message, c.text) {
			t.Errorf("%s: got %v, want invalid with %q", c.rule, err, c.text)
		}
	}
}

func TestInputQuery(t *testing.T) {
	for _, c := range []struct{ rule, query, want, all string }{
		{"none", "", `{}`, `{}`},
		{"the last value wins", "a=1&b=2&a=3", `{"a":"3","b":"2"}`, `{"a":["1","3"],"b":["2"]}`},
		{"a name without a value", "a&=b&", `{"a":"","":"b"}`, `{"a":[""],"":["b"]}`},
		{"escapes and plus signs", "a%20b=c+d%2B", `{"a b":"c d+"}`, `{"a b":["c d+"]}`},
		{"what is no escape stays", "a=100%&b=%zz%4", `{"a":"100%","b":"%zz%4"}`, `{"a":["100%"],"b":["%zz%4"]}`},
		{"bytes that are no text become U+FFFD", "a=%ff\xfe", "{\"a\":\"\ufffd\"}", "{\"a\":[\"\ufffd\"]}"},
		{"a semicolon is no separator", "a=1;b=2", `{"a":"1;b=2"}`, `{"a":["1;b=2"]}`},
	} {
		r := Request{RawQuery: c.query}
		if got := member(t, r, "query"); got != c.want {
			t.Errorf("%s: query is %s, want %s", c.rule, got, c.want)
		}
		if got := member(t, r, "queryAll"); got != c.all {
			t.Errorf("%s: queryAll is %s, want %s", c.rule, got, c.all)
		}
	}
}

func TestInputHeaders(t *testing.T) {
	header := [][2]string{
		{"X-B", "1"}, {"Accept", "a"}, {"x-b", "2"}, {"Authorization", "Bearer t"}, {"COOKIE", "c"}, {"Proxy-Authorization", "p"},
		{"X-Annex-User", "u"}, {"x-ANNEX-", "v"}, {"X-Annexe", "kept"}, {"__proto__", "p"},
	}
	want := `{"__proto__":"p","accept":"a","x-annexe":"kept","x-b":"1, 2"}`
	if got := member(t, Request{Header: header}, "headers"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	want = `{"__proto__":"p","accept":"a","authorization":"Bearer t","x-annexe":"kept","x-b":"1, 2"}`
	if got := member(t, Request{Header: header, Public: true}, "headers"); got != want {
		t.Errorf("on a public route: got %s, want %s", got, want)
	}
	if header[0] != [2]string{"X-B", "1"} || header[2] != [2]string{"x-b", "2"} {
		t.Error("the caller's header was changed")
	}
}

// The typings of the request are written by hand: they name what Input makes.
func TestTypingsOfTheRequestAndTheUser(t *testing.T) {
	p, err := Input(Request{Body: []byte("x")}, &User{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var in map[string]map[string]json.RawMessage
	if err := json.Unmarshal(p.JSON, &in); err != nil {
		t.Fatal(err)
	}
	for name, made := range map[string]map[string]json.RawMessage{"ExtensionRequest": in["request"], "ExtensionUser": in["user"]} {
		_, text, _ := strings.Cut(Typings(), "interface "+name+" {")
		text, _, _ = strings.Cut(text, "\n}")
		var typed []string
		for _, m := range regexp.MustCompile(`(?m)^  readonly (\w+):`).FindAllStringSubmatch(text, -1) {
			typed = append(typed, m[1])
		}
		slices.Sort(typed)
		if got := slices.Sorted(maps.Keys(made)); len(got) == 0 || !slices.Equal(got, typed) {
			t.Errorf("%s: the input has %v, the typings %v", name, got, typed)
		}
	}
}

// FuzzInput: whatever the caller sends, the input is JSON that the engine can
// read, and holds nothing that was left out.
func FuzzInput(f *testing.F) {
	f.Add("a=1&b=%ff", "application/json", []byte(`{"a":"\ud800"}`), "X-Annex-Org", "v")
	f.Add("%", "application/x-www-form-urlencoded", []byte("a=1&a=2&\xff"), "cookie", "\xff")
	f.Add("", "text/plain", []byte("\x00\xff"), "é", "\r\n")
	f.Fuzz(func(t *testing.T, query, kind string, body []byte, name, value string) {
		p, err := Input(Request{
			RawQuery: query, Body: body, Path: query, URL: value,
			Params: map[string]string{name: value}, Header: [][2]string{{"Content-Type", kind}, {name, value}},
		}, nil, nil)
		if err != nil {
			if !errors.Is(err, &sandbox.Error{Code: sandbox.Invalid}) {
				t.Fatal(err)
			}
			return
		}
		if _, err := checkJSON(p.JSON); err != nil {
			t.Fatalf("%s: %v", p.JSON, err)
		}
		var in struct {
			Request struct {
				Headers map[string]string
			}
		}
		if err := json.Unmarshal(p.JSON, &in); err != nil {
			t.Fatal(err)
		}
		for name := range in.Request.Headers {
			if name == "cookie" || name == "authorization" || strings.HasPrefix(name, "x-annex-") {
				t.Fatalf("the handler sees %s", name)
			}
		}
	})
}
