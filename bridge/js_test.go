package bridge_test

import (
	"context"
	"strings"
	"testing"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/bridge/bridgetest"
	"github.com/annexhost/annex/bridge/egress"
	"github.com/annexhost/annex/runtime/js"
	"github.com/annexhost/annex/runtime/sandbox"
)

// run runs the body of an async handler in JavaScript against the fixture, and
// returns the JSON of what it returned.
func run(t *testing.T, f *bridgetest.Fixture, body string) (string, error) {
	t.Helper()
	engine, err := js.New(js.Config{API: bridge.API(), Warm: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	program, err := engine.Compile(context.Background(), sandbox.Source{
		Name: "acme.notes/test.js", Code: []byte("module.exports = async (api) => {\n" + body + "\n}"),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	input, err := bridge.Input(bridge.Request{
		ID: "inv-1", Method: "POST", Path: "x", Header: [][2]string{{"content-type", "application/json"}}, Body: []byte(`{"a":1}`),
	}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	out, err := program.Run(context.Background(), sandbox.Invocation{ID: "inv-1", Input: input}, f.Session.Call)
	return string(out.Result.JSON), err
}

// caught is JavaScript that returns how call failed.
func caught(call string) string {
	return `try { await ` + call + `; return 'no error' } catch (e) { return [e instanceof Error, e.name, e.code, e.permission ?? null, e.message] }`
}

func TestInJavaScript(t *testing.T) {
	const fetch = `const r = await api.http.fetch(`
	for _, c := range []struct{ rule, body, want string }{
		{"undefined is no value to store", caught(`api.storage.set('a', undefined)`), `[true,"TypeError","invalid",null,"storage.set: missing argument value (undefined, functions and symbols have no JSON)"]`},
		{"nor is a function", caught(`api.storage.set('a', () => 1)`), `[true,"TypeError","invalid",null,"storage.set: value is not JSON: a function"]`},
		{"nor is a symbol", caught(`api.storage.set('a', Symbol())`), `[true,"TypeError","invalid",null,"storage.set: value is not JSON: a symbol"]`},
		{"nor is a BigInt", caught(`api.storage.set('a', 1n)`), `[true,"TypeError","invalid",null,"storage.set: value is not JSON: a BigInt"]`},
		{"nor are bytes", caught(`api.storage.set('a', new Uint8Array(1))`), `[true,"TypeError","invalid",null,"storage.set: bytes are not accepted here; encode them as a string, such as base64"]`},
		{"nor is what has a cycle", `const a = {}; a.a = a; try { await api.storage.set('a', a) } catch (e) { return [e.name, await api.storage.list()] }`, `["TypeError",[]]`},
		{"nor is what has a BigInt inside", `try { await api.storage.set('a', [1n]) } catch (e) { return [e.name, await api.storage.list()] }`, `["TypeError",[]]`},
		{"NaN becomes null", `await api.storage.set('a', [NaN, -Infinity]); return await api.storage.get('a')`, `[null,null]`},
		{"toJSON is honoured", `await api.storage.set('a', new Date(0)); return await api.storage.get('a')`, `"1970-01-01T00:00:00.000Z"`},
		{"half a surrogate pair becomes U+FFFD", `await api.storage.set('a', 'x\ud800y'); return (await api.storage.get('a')) === 'x\ufffdy'`, `true`},
		{"what was stored is not shared", `const v = [1]; await api.storage.set('a', v); v.push(2); return await api.storage.get('a')`, `[1]`},
		{"an absent key is undefined", `return [await api.storage.get('a')].map(String)`, `["undefined"]`},
		{"an object that looks like bytes comes back as it was", `await api.storage.set('a', { $blob: 0 }); return await api.storage.get('a')`, `{"$blob":0}`},

		{"getMany tells absent from null", `await api.storage.set('a', null); return (await api.storage.getMany(['a', 'b'])).map(String)`, `["null","undefined"]`},
		{"setMany stores all", `await api.storage.setMany({ a: 1, b: { c: [2] } }); return await api.storage.getMany(['a', 'b'])`, `[1,{"c":[2]}]`},
		{"setMany refuses what JSON would lose", caught(`api.storage.setMany({ a: 1, b: undefined })`), `[true,"TypeError","invalid",null,"storage.setMany: entries.b is not JSON: undefined"]`},
		{"compareAndSet with undefined", `return [await api.storage.compareAndSet('a', undefined, 1), await api.storage.compareAndSet('a', 1, undefined), (await api.storage.list()).length]`, `[true,true,0]`},
		{"increments that run together all count", `await Promise.all([1, 2, 3].map((n) => api.storage.increment('n', n))); return await api.storage.get('n')`, `6`},

		{"a secret", `await api.secrets.set('k', 's'); return [await api.secrets.get('k'), String(await api.secrets.get('x'))]`, `["s","undefined"]`},

		{"a denied host", caught(`api.http.fetch('https://other.example.com/')`), `[true,"PermissionDeniedError","denied","http:domain:other.example.com","Domain other.example.com not in extension's allowed domains"]`},
		{"an answer has everything that fetch has", fetch + `'https://api.example.com/json'); return [r.ok, r.status, r.statusText, r.url, r.redirected, r.body, await r.text(), await r.json(), (await r.arrayBuffer()).byteLength]`,
			`[true,200,"OK","https://api.example.com/json",false,"{\"n\":1}","{\"n\":1}",{"n":1},7]`},
		{"its headers are plain and have methods", fetch + `'https://api.example.com/json'); return [r.headers, r.headers['content-type'], r.headers.get('Content-Type'), r.headers.get('none'), r.headers.has('GET'), r.headers.get('get'), r.headers.getSetCookie()]`,
			`[{"content-type":"application/json","set-cookie":"a=1, b=2"},"application/json","application/json",null,true,"x",["a=1","b=2"]]`},
		{"an answer can be returned as it is", fetch + `'https://api.example.com/json'); return { ...r }`,
			`{"ok":true,"status":200,"statusText":"OK","url":"https://api.example.com/json","redirected":false,"headers":{"content-type":"application/json","set-cookie":"a=1, b=2"},"body":"{\"n\":1}"}`},
		{"a body that is no JSON rejects", fetch + `'https://api.example.com/bytes'); try { await r.json(); return 'no error' } catch (e) { return e.name }`, `"SyntaxError"`},
		{"bytes stay bytes", fetch + `'https://api.example.com/bytes'); return [...new Uint8Array(await r.arrayBuffer())]`, `[0,255]`},
		{"a body that is an object is refused", caught(`api.http.fetch('https://api.example.com/', { method: 'POST', body: {} })`), `[true,"TypeError","invalid",null,"http.fetch: body must be a string, an ArrayBuffer, a typed array or URLSearchParams; use JSON.stringify for objects"]`},
		{"an address may be a URL", fetch + `new URL('/json', 'https://api.example.com')); return r.ok`, `true`},
		{"a signal that was aborted rejects", `const c = new AbortController(); c.abort(); try { await api.http.fetch('https://api.example.com/json', { signal: c.signal }); return 'no error' } catch (e) { return e.name }`, `"AbortError"`},
		{"a signal that is not aborted does nothing", fetch + `'https://api.example.com/json', { signal: new AbortController().signal }); return r.ok`, `true`},

		{"emit throws at once", `try { api.events.emit('x.y'); return 'no error' } catch (e) { return e.code }`, `"invalid"`},
		{"the request", `return [api.request.method, api.request.body, [...api.request.rawBody].length, api.request.headers['content-type'], api.user, api.config]`, `["POST",{"a":1},7,"application/json",null,{}]`},
	} {
		f := bridgetest.New(bridgetest.Config{})
		f.Fetcher.Stub("https://api.example.com/json", egress.Response{
			Status: 200, StatusText: "OK", URL: "https://api.example.com/json", Body: []byte(`{"n":1}`),
			Header: [][2]string{{"content-type", "application/json"}, {"get", "x"}, {"set-cookie", "a=1"}, {"set-cookie", "b=2"}},
		})
		f.Fetcher.Stub("https://api.example.com/bytes", egress.Response{Status: 200, Body: []byte{0, 0xff}})
		if got, err := run(t, f, c.body); err != nil || got != c.want {
			t.Errorf("%s\n%s\n got %s, %v\nwant %s", c.rule, c.body, got, err, c.want)
		}
	}
}

func TestRequestsThatJavaScriptMakes(t *testing.T) {
	for _, c := range []struct{ rule, options, method, header, body string }{
		{"none", `undefined`, "", "", ""},
		{"null", `null`, "", "", ""},
		{"text has a type", `{ method: 'post', body: 'é' }`, "post", "content-type=text/plain;charset=UTF-8", "é"},
		{"a given type stays", `{ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' }`, "POST", "Content-Type=application/json", "{}"},
		{"a form", `{ method: 'POST', body: new URLSearchParams({ a: '1 2' }) }`, "POST", "content-type=application/x-www-form-urlencoded;charset=UTF-8", "a=1+2"},
		{"bytes", `{ method: 'PUT', body: new Uint8Array([0, 255]) }`, "PUT", "", "\x00\xff"},
		{"a part of a buffer", `{ method: 'PUT', body: new Uint8Array([1, 2, 3]).subarray(1) }`, "PUT", "", "\x02\x03"},
		{"a buffer", `{ method: 'PUT', body: new Uint8Array([7]).buffer }`, "PUT", "", "\x07"},
		{"a view", `{ method: 'PUT', body: new DataView(new Uint8Array([1, 2, 3]).buffer, 1, 1) }`, "PUT", "", "\x02"},
		{"pairs", `{ headers: [['A', 'b'], ['A', 'c']] }`, "", "A=b,A=c", ""},
		{"an object; undefined members are left out", `{ headers: { A: 1, B: undefined } }`, "", "A=1", ""},
		{"Headers", `{ headers: new Headers({ A: 'b' }) }`, "", "a=b", ""},
		{"a Map", `{ headers: new Map([['A', 'b']]) }`, "", "A=b", ""},
	} {
		f := bridgetest.New(bridgetest.Config{})
		f.Fetcher.Stub("https://api.example.com/", egress.Response{Status: 204})
		if _, err := run(t, f, `await api.http.fetch('https://api.example.com/', `+c.options+`)`); err != nil {
			t.Errorf("%s: %v", c.rule, err)
			continue
		}
		sent := f.Fetcher.Requests()[0]
		var header []string
		for _, h := range sent.Header {
			if h[0] != "User-Agent" {
				header = append(header, h[0]+"="+h[1])
			}
		}
		if sent.Method != c.method || strings.Join(header, ",") != c.header || string(sent.Body) != c.body {
			t.Errorf("%s: %s\n got %s %q %q\nwant %s %q %q", c.rule, c.options, sent.Method, header, sent.Body, c.method, c.header, c.body)
		}
	}
}

func TestExamplesRun(t *testing.T) {
	for _, m := range bridge.Methods() {
		f := bridgetest.New(bridgetest.Config{})
		f.Fetcher.Stub("https://api.example.com/v1/items", egress.Response{Status: 200, Body: []byte(`{}`)})
		if _, err := run(t, f, m.Example); err != nil {
			t.Errorf("the example of %s fails: %v\n%s", m.Name, err, m.Example)
		}
	}
}
