package runtime_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/bridge/egress"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/recording"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/standard"
	"github.com/annexhost/annex/secrets"
	"github.com/annexhost/annex/storage"
)

var recordAll = runtime.RecordConfig{Wanted: func(_, _ string) bool { return true }}

const asksAll = `"storage:database", "secrets:read", "secrets:write"`

// chancy uses everything that is not the same twice: clock, randomness, state,
// calls that race, module-level code.
const chancy = `
const loaded = [Date.now(), Math.random(), crypto.randomUUID()]
export default async ({storage, secrets, request, log}) => {
	const key = await secrets.get('key')
	const n = await storage.increment('n')
	const order = []
	await Promise.all(['a', 'b', 'c', 'd'].map(async k => { await storage.set(k, n); order.push(k) }))
	await storage.set('sent', 'Bearer ' + key + ' ' + btoa(key))
	await secrets.set('other', 'swordfish-2')
	try { await storage.get('not a key!') } catch (e) { order.push(e.code) }
	log.info('ran', {n})
	return {loaded, now: new Date().toISOString(), chance: Math.random(), id: crypto.randomUUID(), n, order, tick: performance.now() >= 0, hello: request.body}
}`

// recorded invokes acme.x once and returns the answer and the recording.
func recorded(t *testing.T, h *standard.Host, id, body string) (string, *recording.Recording) {
	t.Helper()
	call := callOf("acme", "acme.x")
	call.ID, call.Body = id, []byte(body)
	call.Header = [][2]string{{"Content-Type", "application/json"}, {"Authorization", "Bearer caller-token"}}
	reply, err := h.Invoke(t.Context(), call)
	answer := string(reply.Body)
	if err != nil {
		answer = err.Error()
	}
	rec, err := h.Recording(t.Context(), "acme", id)
	if err != nil {
		t.Fatal(err)
	}
	return answer, rec
}

func replay(t *testing.T, h *standard.Host, rec *recording.Recording) runtime.Replayed {
	t.Helper()
	code, err := h.RecordedCode(t.Context(), rec)
	if err != nil {
		t.Fatal(err)
	}
	done, err := h.Replay(t.Context(), rec, code)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func TestARecordedInvocationRunsAgainAsItRan(t *testing.T) {
	h := openHost(t, standard.Options{Record: recordAll})
	installAll(t, h, "acme", extension(t, manifestOf("x", "1.0.0", asksAll, ""), chancy))
	if _, err := h.State.Keeper.Set(t.Context(), secrets.Owner{Org: "acme", Extension: "acme.x"}, "key", secrets.NewValue("swordfish-1")); err != nil {
		t.Fatal(err)
	}
	do(t, h, "acme") // a realm is warm now, whose module-level code saw another clock
	answer, rec := recorded(t, h, "r-1", `{"from":"test"}`)
	for range 3 {
		done := replay(t, h, rec)
		if len(done.Differences) > 0 || string(done.Result.JSON) != answer {
			t.Fatalf("replayed: %+v\nresult %s\nrecorded %s", done.Differences, done.Result.JSON, answer)
		}
	}
	if got, err := h.State.Space("acme", "acme.x", standard.Options{}).Get(t.Context(), "n"); err != nil || string(got) != "2" {
		t.Errorf("the replay touched state: n is %s, %v", got, err)
	}
}

// racing are handlers for which it matters whether a timer or an answer comes first.
var racing = map[string]struct{ code, want string }{
	"an answer that never came": {`
		return Promise.race([http.fetch('https://a.example/never').then(() => 'answer', e => e.code), sleep(300).then(() => 'timer')])`, `timer`},
	"an answer that came after a timer": {`
		const late = http.fetch('https://a.example/late').then(async () => { await http.fetch('https://a.example/end'); return 'answer' })
		const first = await Promise.race([late, sleep(30).then(() => 'timer')])
		await http.fetch('https://a.example/wait') // now it may come, before this one
		return [first, await late]`, `["timer","answer"]`},
	"an answer that came before a timer": {`
		return Promise.race([http.fetch('https://a.example/go').then(() => 'answer'), sleep(20000).then(() => 'timer')])`, `answer`},
}

// latecomer is an upstream whose answers come as their addresses say.
type latecomer struct{ may, end chan struct{} }

func (l latecomer) Fetch(ctx context.Context, r egress.Request, allow func(string) error, _ egress.Limits) (*egress.Response, error) {
	switch {
	case strings.HasSuffix(r.URL, "/never"):
		<-ctx.Done()
		return nil, ctx.Err()
	case strings.HasSuffix(r.URL, "/wait"):
		close(l.may)
		<-l.end
	case strings.HasSuffix(r.URL, "/end"):
		close(l.end)
	case strings.HasSuffix(r.URL, "/late"):
		<-l.may
	}
	return &egress.Response{Status: 200, URL: r.URL}, allow("a.example")
}

func TestAReplayKeepsWhatCameFirst(t *testing.T) {
	for name, c := range racing {
		up := latecomer{make(chan struct{}), make(chan struct{})}
		h := openHost(t, standard.Options{Record: recordAll, Fetcher: func(string, string) bridge.Fetcher { return up }})
		installAll(t, h, "acme", extension(t, manifestOf("x", "1.0.0", `"http:domain:a.example"`, ""),
			`const sleep = ms => new Promise(resolve => setTimeout(resolve, ms)); export default async ({http}) => {`+c.code+`}`))
		answer, rec := recorded(t, h, "r-1", `{}`)
		if answer != c.want {
			t.Fatalf("%s: recorded %s, want %s", name, answer, c.want)
		}
		for range 3 {
			if done := replay(t, h, rec); len(done.Differences) > 0 {
				t.Errorf("%s: %+v", name, done.Differences)
			}
		}
	}
}

// Sleeping takes no time in a replay, but counts for the limit of time.
func TestAReplayDoesNotSleep(t *testing.T) {
	h := openHost(t, standard.Options{Record: recordAll})
	installAll(t, h, "acme", extension(t, manifestOf("x", "1.0.0", "", ""), `
		export default async ({request}) => {
			for (let n = 0; n < 4; n++) await new Promise(resolve => setTimeout(resolve, request.body))
			return 'slept'
		}`))
	_, rec := recorded(t, h, "r-1", `5`)
	input := string(rec.Input.JSON)
	began := time.Now()
	for ms, want := range map[string]string{"5000": "", "20000": "error: no error -> Error (timeout): wall-clock time limit exceeded: used 30s of 30s"} {
		rec.Input.JSON = json.RawMessage(strings.Replace(input, `"body":5`, `"body":`+ms, 1))
		if string(rec.Input.JSON) == input {
			t.Fatalf("no body in %s", input)
		}
		got := ""
		for _, d := range replay(t, h, rec).Differences {
			if d.What == "error" {
				got = fmt.Sprintf("%s: %s -> %s", d.What, d.Was, d.Is)
			}
		}
		if got != want {
			t.Errorf("4 sleeps of %s ms: %q, want %q", ms, got, want)
		}
	}
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("50 s of sleep took %v", took)
	}
}

func TestARecordingHasNoSecrets(t *testing.T) {
	h := openHost(t, standard.Options{Record: recordAll})
	installAll(t, h, "acme", extension(t, manifestOf("x", "1.0.0", asksAll, ""), chancy))
	if _, err := h.State.Keeper.Set(t.Context(), secrets.Owner{Org: "acme", Extension: "acme.x"}, "key", secrets.NewValue("swordfish-1")); err != nil {
		t.Fatal(err)
	}
	_, rec := recorded(t, h, "r-1", `{}`)
	text, err := json.Marshal(rec)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := h.State.Store.Get(t.Context(), "rec/acme/d/r-1")
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"swordfish", "c3dvcmRmaXNo", "caller-token"} {
		if strings.Contains(string(text), secret) || strings.Contains(string(stored), secret) {
			t.Errorf("%s is in the recording: %s", secret, text)
		}
	}
	if !strings.Contains(string(text), `"Bearer [REDACTED] [REDACTED]"`) {
		t.Errorf("what was sent is not there in any form: %s", text)
	}
}

// What a webhook's sender signs in with reaches the handler, which may take it apart.
func TestARecordingHasNoCredentialsOfSenders(t *testing.T) {
	h := openHost(t, standard.Options{Record: recordAll})
	more := `,{"method": "GET", "path": "hook", "handler": "server/do.js", "public": true}`
	installAll(t, h, "acme", extension(t, manifestOf("x", "1.0.0", asksAll, more),
		`export default async ({request, storage}) => { await storage.set('sender', request.headers.authorization.split(' ')[1]) }`))
	call := runtime.Call{
		ID: "r-1", Org: "acme", Extension: "acme.x", Method: "GET", Path: "hook", URL: "http://localhost/", Public: true,
		Header: [][2]string{{"Authorization", "Bearer sender-token"}},
	}
	if _, err := h.Invoke(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	rec, err := h.Recording(t.Context(), "acme", "r-1")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(rec)
	if err != nil || len(rec.Calls) != 1 || strings.Contains(string(text), "sender-token") {
		t.Errorf("%v: %s", err, text)
	}
}

func TestAReplayOnChangedCodeTellsWhatDiffers(t *testing.T) {
	h := openHost(t, standard.Options{Record: recordAll})
	m := manifestOf("x", "1.0.0", asksAll, "")
	installAll(t, h, "acme", extension(t, m, `export default async ({storage}) => { await storage.set('a', 1); await storage.set('b', 1); return (await storage.get('a')) + 1 }`))
	answer, rec := recorded(t, h, "r-1", `{}`)
	if answer != "2" {
		t.Fatalf("recorded: %s", answer)
	}
	for _, c := range []struct{ name, code, want string }{
		{"nothing", `export default async ({storage}) => { await storage.set('a', 1); await storage.set('b', 1); const one = await storage.get('a'); return one + 1 }`, ""},
		{"result", `export default async ({storage}) => { await storage.set('a', 1); await storage.set('b', 1); return (await storage.get('a')) + 2 }`, "result: 2 -> 3"},
		{"arguments", `export default async ({storage}) => { await storage.set('a', 7); await storage.set('b', 1); return (await storage.get('a')) + 1 }`,
			`call 1: storage.set: {"key":"a","value":1} -> {"key":"a","value":7}`},
		{"a call less", `export default async ({storage}) => { await storage.set('a', 1); return (await storage.get('a')) + 1 }`,
			`call 2: storage.set: {"key":"b","value":1} -> `},
		{"a call more", `export default async ({storage}) => { await storage.set('a', 1); await storage.set('b', 1); await storage.delete('c'); return 2 }`,
			`call 3: storage.delete:  -> {"key":"c"}; call 3: storage.get: {"key":"a"} -> ; error: no error -> Error (thrown): storage.delete: the recording has no answer to this call; result: 2 -> undefined`},
		{"a log line more", `export default async ({storage}) => { console.log('here'); await storage.set('a', 1); await storage.set('b', 1); return (await storage.get('a')) + 1 }`,
			`call 1: log.info:  -> {"message":"here"}`},
	} {
		code, err := h.ChangedCode(t.Context(), rec, extension(t, m, c.code))
		if err != nil {
			t.Fatal(err)
		}
		done, err := h.Replay(t.Context(), rec, code)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range done.Differences {
			got = append(got, fmt.Sprintf("%s: %s -> %s", d.What, d.Was, d.Is))
		}
		if strings.Join(got, "; ") != c.want {
			t.Errorf("%s: %s, want %s", c.name, strings.Join(got, "; "), c.want)
		}
	}
}

func TestRecordingsAreBoundedAndBelongToOneOrganization(t *testing.T) {
	h := openHost(t, standard.Options{Record: runtime.RecordConfig{Wanted: recordAll.Wanted, Keep: 3}})
	p := extension(t, manifestOf("x", "1.0.0", `"storage:database"`, ""), `export default ({request}) => request.body === 1 ? 'x'.repeat(2_000_000) : 'ok'`)
	installAll(t, h, "acme", p)
	for n := range 5 {
		recorded(t, h, fmt.Sprintf("r-%d", n), `0`)
	}
	list, err := h.Recordings(t.Context(), "acme", "acme.x")
	if err != nil || len(list) != 3 || list[0].ID != "r-2" {
		t.Errorf("kept: %+v, %v; want the last three", list, err)
	}
	for _, missing := range []struct{ org, id string }{{"acme", "r-0"}, {"other", "r-4"}, {"acme", "../r-4"}, {"acme", ""}} {
		if _, err := h.Recording(t.Context(), missing.org, missing.id); code(err) != "not_found" {
			t.Errorf("%v: %v", missing, err)
		}
	}
	_, large := recorded(t, h, "large", `1`)
	if large.Incomplete == "" || len(large.Result.JSON) > 0 {
		t.Errorf("a recording of 2 MB: %+v", large)
	}
	if _, err := h.Replay(t.Context(), large, mustCode(t, h, large)); code(err) != "invalid" {
		t.Errorf("replaying what is not complete: %v", err)
	}
	if err := h.Uninstall(t.Context(), "acme", "acme.x", "admin", true); err != nil {
		t.Fatal(err)
	}
	if left, err := h.State.Store.Scan(t.Context(), storage.Key("rec/"), "", 10); err != nil || len(left) > 0 {
		t.Errorf("left after a purge: %v, %v", left, err)
	}
}

func mustCode(t *testing.T, h *standard.Host, rec *recording.Recording) registry.Bundled {
	t.Helper()
	code, err := h.RecordedCode(t.Context(), rec)
	if err != nil {
		t.Fatal(err)
	}
	return code
}
