package check

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/bundle"
)

// follow returns what the code of a handler does: methods, hosts as "host NAME",
// "any host", unknown members as "no NAME", and "open" where it cannot be followed.
func follow(t *testing.T, files map[string]string) []string {
	t.Helper()
	out, err := bundle.Build(context.Background(), bundle.Input{Entry: "h.ts", Read: func(name string) ([]byte, bool) {
		text, ok := files[name]
		return []byte(text), ok
	}})
	if err != nil {
		t.Fatalf("%v\n%s", err, files["h.ts"])
	}
	u := newUsage(permissions.Server)
	if err := u.look("h.ts", out.Code, out.SourceMap, serverSurface(), 0); err != nil {
		t.Fatal(err)
	}
	found := slices.Sorted(maps.Keys(u.methods))
	for _, host := range slices.Sorted(maps.Keys(u.hosts)) {
		found = append(found, "host "+host)
	}
	if len(u.anyHost) > 0 {
		found = append(found, "any host")
	}
	for _, name := range slices.Sorted(maps.Keys(u.unknown)) {
		found = append(found, "no "+name)
	}
	if len(u.open) > 0 {
		found = append(found, "open")
	}
	for range u.missing {
		found = append(found, "no handler")
	}
	return found
}

func TestFollow(t *testing.T) {
	for _, c := range []struct{ rule, code, want string }{
		{"a call", "export default (api: any) => api.storage.get('a')", "storage.get"},
		{"nothing", "export default () => 1", ""},
		{"destructured parameters", "export default ({ storage, secrets: { get } }: any) => { storage.set('a', 1); get('b') }", "secrets.get storage.set"},
		{"a default of a parameter", "export default ({ storage = null }: any) => storage.list()", "storage.list"},
		{"a variable", "export default (api: any) => { const s = api.storage; const { set } = s; set('a', 1) }", "storage.set"},
		{"a variable assigned later", "let s: any; export default (api: any) => { s = api.storage; return work() }; function work() { return s.delete('a') }", "storage.delete"},
		{"a helper that gets the api", "function help(a: any) { return a.secrets.get('k') } export default (api: any) => help(api)", "secrets.get"},
		{"a helper that gets a part", "const save = async (s: any) => s.set('a', 1); export default async (api: any) => { await save(api.storage) }", "storage.set"},
		{"an arrow in an arrow", "export default (api: any) => [1].map((n) => api.storage.get('a' + n))", "storage.get"},
		{"optional chaining", "export default (api: any) => api?.storage?.get?.('a')", "storage.get"},
		{"a class", "class Repo { s: any; constructor(s: any) { this.s = s } all() { return this.s.list() } } export default (api: any) => new Repo(api.storage).all()", "storage.list"},
		{"a class with a private field", "class R { #s: any; constructor(s: any) { this.#s = s } all() { return this.#s.list() } } export default (api: any) => new R(api.storage).all()", "storage.list"},
		{"a class that extends", "class A { s: any; constructor(s: any) { this.s = s } } class B extends A { constructor(x: any) { super(x) } all() { return this.s.list() } } export default (api: any) => new B(api.storage).all()", "storage.list"},
		{"an object that carries it", "export default (api: any) => { const ctx = { db: api.storage, n: 1 }; return run(ctx) }; const run = (c: any) => c.db.get('a')", "storage.get"},
		{"a function that returns it", "const part = (a: any) => a.storage; export default (api: any) => part(api).get('a')", "storage.get"},
		{"a literal in brackets", "export default (api: any) => api['storage']['get']('a')", "storage.get"},
		{"a constant in brackets", "const k = 'sto' + 'rage'; export default (api: any) => api[k].get('a')", "storage.get"},
		{"a computed member is said", "export default (api: any) => api[api.request.query.x].get('a')", "open"},
		{"the api in other hands is said", "export default (api: any) => JSON.stringify(api)", "open"},
		{"a spread of the api is said", "export default (api: any) => { const c = { ...api }; return c.storage.get('a') }", "open"},
		{"call and apply", "export default (api: any) => { api.storage.get.call(null, 'a'); api.storage.list.apply(null, []) }", "storage.get storage.list"},
		{"bind", "export default (api: any) => { const g = api.storage.get.bind(api.storage); return g('a') }", "storage.get"},
		{"another object of the same name", "export default (api: any) => { const storage = new Map(); storage.get('a'); return api.log.info('x') }", "log.info"},
		{"what does not exist", "export default (api: any) => { api.db.query('x'); api.storage.clear() }", "no api.db no api.storage.clear"},
		{"members that are no methods", "export default (api: any) => [api.request.body, api.user.id, api.config.x, api.response.json(1)]", ""},
		{"a CommonJS handler", "module.exports = async function (api) { return api.storage.get('a') }", "storage.get"},
		{"a plain function", "function handler(api: any) { return api.storage.get('a') }", "storage.get"},
		{"in try, switch, loops and labels", "export default async (api: any) => { try { for (const x of [1]) { switch (x) { case 1: await api.storage.get('a') } } } catch (e) { do { api.secrets.get('b') } while (0) } finally { if (1) api.storage.list() } }", "secrets.get storage.get storage.list"},
		{"in templates, conditions and sequences", "export default (api: any) => `${api.user ? api.storage.get('a') : (0, api.secrets.get('b'))}`", "secrets.get storage.get"},

		{"a literal host", "export default (api: any) => api.http.fetch('https://API.example.com/x?y')", "http.fetch host api.example.com"},
		{"a template with its host", "export default (api: any) => api.http.fetch(`https://api.example.com/${api.request.query.x}`)", "http.fetch host api.example.com"},
		{"a constant", "const BASE = 'https://api.example.com'; export default (api: any) => api.http.fetch(BASE + '/items/' + api.user.id)", "http.fetch host api.example.com"},
		{"a URL", "export default (api: any) => api.http.fetch(new URL('https://api.example.com/x'))", "http.fetch host api.example.com"},
		{"a URL with a base", "export default (api: any) => api.http.fetch(new URL(api.user.id, 'https://api.example.com/'))", "http.fetch host api.example.com"},
		{"a URL's text", "export default (api: any) => { const u = new URL('https://api.example.com/x'); u.searchParams.set('a', 'b'); return api.http.fetch(u.toString()) }", "http.fetch host api.example.com"},
		{"one of two", "export default (api: any) => api.http.fetch(api.user ? 'https://a.example.com' : 'https://b.example.com')", "http.fetch host a.example.com host b.example.com"},
		{"a parameter", "const get = (h: any, url: string) => h.fetch(url); export default ({ http }: any) => get(http, 'https://a.example.com/')", "http.fetch host a.example.com"},
		{"a host that goes on is not known", "export default (api: any) => api.http.fetch('https://api.example.com' + api.request.body)", "http.fetch any host"},
		{"a computed host", "export default (api: any) => api.http.fetch(`https://${api.config.host}/x`)", "http.fetch any host"},
		{"user information before the host", "export default (api: any) => api.http.fetch('https://api.example.com@' + api.user.id + '/x')", "http.fetch any host"},
	} {
		got := strings.Join(follow(t, map[string]string{"h.ts": c.code}), " ")
		if got != c.want {
			t.Errorf("%s: %q, want %q\n%s", c.rule, got, c.want, c.code)
		}
	}
}

func TestFollowAcrossFiles(t *testing.T) {
	for _, c := range []struct {
		rule  string
		files map[string]string
		want  string
	}{
		{"modules", map[string]string{
			"h.ts":      "import { load } from './lib/db'; export default (api: any) => load(api.storage)",
			"lib/db.ts": "export const load = (s: any) => s.get('a')"}, "storage.get"},
		{"a namespace", map[string]string{
			"h.ts": "import * as db from './db'; export default (api: any) => db.load(api)", "db.ts": "export function load({ storage }: any) { return storage.get('a') }"}, "storage.get"},
		{"CommonJS", map[string]string{
			"h.ts": "const db = require('./db.js'); module.exports = (api) => db.load(api)", "db.js": "exports.load = ({ storage }) => storage.get('a')"}, "storage.get"},
		{"a default class", map[string]string{
			"h.ts": "import Repo from './repo'; export default (api: any) => new Repo(api).all()", "repo.ts": "export default class { constructor(private api: any) {} all() { return this.api.storage.list() } }"}, "storage.list"},
	} {
		if got := strings.Join(follow(t, c.files), " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.rule, got, c.want)
		}
	}
}

func TestLocateJSON(t *testing.T) {
	const text = "{\n  \"a\": 1,\n  \"b\": { \"c\": [10, {\"d\": true}] },\n  \"é\": \"x\", \"f\": null\n}"
	for _, c := range []struct {
		path string
		want string
	}{
		{"", "1:1"}, {"a", "2:3"}, {"b", "3:3"}, {"b.c", "3:10"}, {"b.c.0", "3:16"}, {"b.c.1", "3:20"}, {"b.c.1.d", "3:21"}, {"f", "4:13"}, {"b.missing", "3:8"}, {"zzz", "1:1"},
	} {
		line, column := locateJSON([]byte(text), c.path)
		if got := fmt.Sprintf("%d:%d", line, column); got != c.want {
			t.Errorf("%q is at %s, want %s", c.path, got, c.want)
		}
	}
	if line, _ := locateJSON([]byte("{,"), "a"); line != 1 {
		t.Errorf("what is no JSON is at line %d", line)
	}
}
