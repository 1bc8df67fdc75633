package bridge

import (
	"context"
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/sandbox"
)

func TestEveryMethodIsDescribed(t *testing.T) {
	name := regexp.MustCompile(`^[a-z]+\.[a-z][A-Za-z]*$`)
	for _, m := range Methods() {
		if !name.MatchString(m.Name) {
			t.Errorf("%q is no name: want namespace.method", m.Name)
		}
		if m.Permission == "" {
			t.Errorf("%s names no permission; write permissions.None out", m.Name)
		}
		if m.Doc == "" || !strings.HasSuffix(m.Doc, ".") {
			t.Errorf("%s: Doc is no sentence: %q", m.Name, m.Doc)
		}
		if !strings.Contains(m.Example, "api."+m.Name+"(") {
			t.Errorf("%s: the example does not call it", m.Name)
		}
		if m.Sync && m.Result != reflect.TypeFor[struct{}]() {
			t.Errorf("%s is synchronous and has a result: an engine in another process would wait for it", m.Name)
		}
		for _, f := range m.Errors {
			if f.Code == "" || f.When == "" || f.Code == sandbox.Internal {
				t.Errorf("%s: %+v says nothing", m.Name, f)
			}
		}
	}
}

func TestMethodsThatWriteOrGoOutsideAreNotBrief(t *testing.T) {
	var got []string
	for _, m := range Methods() {
		if m.Brief {
			got = append(got, m.Name)
		}
	}
	want := []string{"storage.get", "storage.getMany", "storage.list"}
	if !slices.Equal(got, want) {
		t.Errorf("brief methods are %v, want %v", got, want)
	}
}

// The permissions say what they guard, the methods what they need: both must
// say the same. The client's methods come later.
func TestEveryServerPermissionGuardsItsMethods(t *testing.T) {
	needs := make(map[permissions.Permission][]string)
	for _, m := range Methods() {
		for _, p := range append([]permissions.Permission{m.Permission}, m.Options...) {
			needs[p] = append(needs[p], m.Name)
		}
	}
	needs[permissions.HTTPFetch] = needs[permissions.HTTPDomain] // either will do
	for _, e := range permissions.All() {
		if e.Side != permissions.Server {
			continue
		}
		guards := slices.Sorted(slices.Values(e.Guards))
		if got := slices.Sorted(slices.Values(needs[e.Name])); len(got) == 0 || !slices.Equal(got, guards) {
			t.Errorf("%s: its entry guards %v, the methods that need it are %v", e.Name, guards, got)
		}
	}
}

func TestAPIIsTheServerSideOfTheTable(t *testing.T) {
	api := API()
	if len(api) != len(Methods()) {
		t.Fatalf("%d methods in the API, %d in the table", len(api), len(Methods()))
	}
	for i, m := range Methods() {
		if api[i].Name != m.Name || api[i].Sync != m.Sync || api[i].Brief != m.Brief || api[i].JS != m.JS || len(api[i].Params) != len(m.Params) {
			t.Errorf("%s is in the API as %+v", m.Name, api[i])
		}
	}
	i := slices.IndexFunc(api, func(m sandbox.Method) bool { return m.Name == "storage.set" })
	if want := []string{"key", "value", "options"}; !slices.Equal(api[i].Params, want) {
		t.Errorf("storage.set has the parameters %v, want %v", api[i].Params, want)
	}
}

func TestMethodsBelongToTheCaller(t *testing.T) {
	Methods()[0].Name = "changed"
	if Methods()[0].Name == "changed" {
		t.Error("a caller of Methods changed the table")
	}
}

// panics returns what f panics with.
func panics(f func()) (text any) {
	defer func() { text = recover() }()
	f()
	return nil
}

func TestAFaultOfTheTablePanics(t *testing.T) {
	noop := func(context.Context, *Session, struct{}) (struct{}, error) { return struct{}{}, nil }
	method := func(name string, p permissions.Permission) Method {
		return define(line[struct{}, struct{}]{Method: Method{Name: name, Side: permissions.Server, Permission: p}, run: noop})
	}
	type noDoc struct {
		A string `json:"a"`
	}
	type noDecoder struct {
		A map[string]int `json:"a" doc:"A."`
	}
	for _, c := range []struct {
		rule string
		f    func()
	}{
		{"a permission that does not exist", func() { newTable([]Method{method("a.b", "storage:everything")}) }},
		{"no permission at all", func() { newTable([]Method{method("a.b", "")}) }},
		{"a client permission on the server", func() { newTable([]Method{method("a.b", permissions.UIToast)}) }},
		{"a name that stands twice", func() { newTable([]Method{method("a.b", permissions.None), method("a.b", permissions.None)}) }},
		{"an argument without documentation", func() { paramsOf(reflect.TypeFor[noDoc]()) }},
		{"an argument that no decoder reads", func() { paramsOf(reflect.TypeFor[noDecoder]()) }},
		{"a result that no encoder writes", func() { encoderOf[map[string]int]() }},
	} {
		if panics(c.f) == nil {
			t.Errorf("%s was accepted", c.rule)
		}
	}
	if text := panics(func() { newTable([]Method{method("a.b", permissions.None)}) }); text != nil {
		t.Errorf("a good line panicked: %v", text)
	}
}

// Every type that paramsOf lets through must have its case in decoder.into.
func TestEveryDecodableTypeHasADecoder(t *testing.T) {
	for typ := range decodable {
		d := decoder{scanner: scanner{data: []byte("?")}}
		err := d.into(reflect.New(typ).Interface(), 0)
		if err == nil || strings.Contains(err.Error(), "no decoder") {
			t.Errorf("%v: got %v, want a complaint about the text", typ, err)
		}
	}
}

func TestACheckThatGrantsAllocatesNothing(t *testing.T) {
	s := NewSession(SessionConfig{Grants: permissions.NewGrants("a.b", permissions.Set{
		Server: []permissions.Permission{permissions.StorageDatabase, permissions.Domain("api.example.com")},
	}, permissions.Policy{})})
	for _, c := range []struct {
		p    permissions.Permission
		host string
	}{
		{permissions.None, ""}, {permissions.StorageDatabase, ""}, {permissions.HTTPDomain, "api.example.com"},
	} {
		n := testing.AllocsPerRun(100, func() {
			if s.allow(permissions.Server, c.p, c.host) != nil {
				t.Fatal("denied")
			}
		})
		if n != 0 {
			t.Errorf("%s %s: %v allocations, want 0", c.p, c.host, n)
		}
	}
}

func TestArgumentsAreNotMixedUpBetweenCalls(t *testing.T) {
	var got []storageSetArgs
	m := define(line[storageSetArgs, struct{}]{
		Method: Method{Name: "test.set", Side: permissions.Server, Permission: permissions.None},
		run: func(_ context.Context, _ *Session, in storageSetArgs) (struct{}, error) {
			got = append(got, in)
			return struct{}{}, nil
		},
	})
	s := NewSession(SessionConfig{})
	for _, args := range []string{
		`{"key":"a","value":[1],"options":{"expiresIn":5}}`,
		`{"key":"b","value":2,"options":{"expiresIn":"broken"}}`,
		`{"key":"c","value":3}`,
	} {
		m.call(context.Background(), s, sandbox.Payload{JSON: []byte(args)})
	}
	if len(got) != 2 || got[0].Key != "a" || *got[0].Options.ExpiresIn != 5 || string(got[0].Value) != "[1]" {
		t.Errorf("the first call was given %+v", got)
	}
	if got[1].Key != "c" || got[1].Options.ExpiresIn != nil || string(got[1].Value) != "3" {
		t.Errorf("the last call was given what others had: %+v", got[1])
	}
}

func TestLimitsMeanWhatTheirDocumentationSays(t *testing.T) {
	if got := (Limits{}).WithDefaults(); got != DefaultLimits {
		t.Errorf("zero limits are %+v", got)
	}
	all := Limits{
		Calls: sandbox.Unlimited, ArgumentBytes: sandbox.Unlimited, LogLines: sandbox.Unlimited, LogLineBytes: sandbox.Unlimited,
		Fetches: sandbox.Unlimited, FetchTime: sandbox.Unlimited, FetchBody: sandbox.Unlimited, Redirects: sandbox.Unlimited,
		Events: sandbox.Unlimited, EventBytes: sandbox.Unlimited,
	}
	if got := all.WithDefaults(); got != all {
		t.Errorf("unlimited became %+v", got)
	}
	s := NewSession(SessionConfig{Limits: all})
	if l := s.fetchLimits(); l.Timeout <= 0 || l.MaxBody <= DefaultLimits.FetchBody || l.MaxRedirects <= DefaultLimits.Redirects {
		t.Errorf("unlimited fetches are %+v", l)
	}
	if cutOff(strings.Repeat("x", 1<<20), sandbox.Unlimited) != strings.Repeat("x", 1<<20) {
		t.Error("an unlimited line was cut off")
	}
	if _, err := json.Marshal(all); err != nil {
		t.Error(err)
	}
}
