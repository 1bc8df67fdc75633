package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/annexhost/annex/runtime"
)

// logBuffer is a log that a test can read.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func newLogBuffer() *logBuffer { return &logBuffer{} }

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logBuffer) logger() hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Output: l, JSONFormat: true, Level: hclog.Debug})
}

// line returns the last line with a message, nil when there is none.
func (l *logBuffer) line(message string) map[string]any {
	var found map[string]any
	for text := range strings.Lines(l.String()) {
		var line map[string]any
		if json.Unmarshal([]byte(text), &line) == nil && line["@message"] == message {
			found = line
		}
	}
	return found
}

// request makes one of a caller with the token.
func request(method, target, body string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+testToken)
	return r
}

func TestNewRefuses(t *testing.T) {
	if _, err := New(Config{Host: hostFunc(demoHost)}); err == nil {
		t.Error("a handler without Auth was made")
	}
	if _, err := New(Config{Auth: &StaticToken{}}); err == nil {
		t.Error("a handler without Host was made")
	}
	if _, err := New(Config{Host: hostFunc(demoHost), Auth: &StaticToken{}, MaxBody: -1}); err == nil {
		t.Error("a handler without a bound on bodies was made")
	}
}

// The access line says who was called and how it ended, and nothing of what
// the caller made up.
func TestAccessLine(t *testing.T) {
	log := newLogBuffer()
	h := newTestHandler(t, demoHost, func(c *Config) { c.Log = log.logger() })
	const canary = "canary-7d1f"
	r := request("POST", "/extensions/acme.demo/echo/"+canary+"?token="+canary, canary)
	r.Header.Set("X-Request-Id", "id-9")
	r.Header.Set("X-Other", canary)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)

	line := log.line("request")
	want := map[string]any{
		"request": "id-9", "org": "demo", "extension": "acme.demo", "route": "POST echo", "status": 200.0, "error": "",
		"in": float64(len(canary)), "out": float64(w.Body.Len()), "@level": "info",
	}
	for key, value := range want {
		if line[key] != value {
			t.Errorf("%s: got %v, want %v", key, line[key], value)
		}
	}
	if _, ok := line["duration"]; !ok {
		t.Error("the line has no duration")
	}
	for _, target := range []string{"/public/" + canary + "/x", "/" + canary, "/extensions/acme.demo/" + canary, "/extensions/" + canary + "/%zz"} {
		h.ServeHTTP(httptest.NewRecorder(), request("GET", "/", "").WithContext(t.Context()))
		r := request("GET", "/", "")
		r.URL.Path, r.URL.RawPath = target, target
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	for _, secret := range []string{canary, testToken} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %q:\n%s", secret, log)
		}
	}
}

func TestPanic(t *testing.T) {
	log := newLogBuffer()
	h := newTestHandler(t, demoHost, func(c *Config) { c.Log = log.logger() })
	r := request("GET", "/extensions/acme.demo/panic", "")
	r.Header.Set("X-Request-Id", "id-9")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 500 || strings.Contains(w.Body.String(), "secret") || !strings.Contains(w.Body.String(), `"requestId":"id-9"`) {
		t.Errorf("got %d %s, want 500 with the request id and no detail", w.Code, w.Body)
	}
	line := log.line("panic")
	if line["request"] != "id-9" || line["value"] != "a secret of the host" || !strings.Contains(line["stack"].(string), "fake_test.go") {
		t.Errorf("got log line %v, want request, value and stack", line)
	}
	if line := log.line("request"); line["status"] != 500.0 || line["error"] != "INTERNAL_ERROR" {
		t.Errorf("got access line %v, want 500 INTERNAL_ERROR", line)
	}
}

// A panic once the answer has begun must not look like a whole answer.
func TestPanicAfterTheAnswerBegan(t *testing.T) {
	h := newTestHandler(t, demoHost, nil)
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("got panic %v, want http.ErrAbortHandler", v)
		}
	}()
	h.ServeHTTP(brokenWriter{httptest.NewRecorder()}, request("GET", "/extensions/acme.demo/hello", ""))
}

type brokenWriter struct{ *httptest.ResponseRecorder }

func (brokenWriter) Write([]byte) (int, error) { panic("broken") }

func TestFaultIsLogged(t *testing.T) {
	log := newLogBuffer()
	h := newTestHandler(t, func(context.Context, runtime.Call) (runtime.Reply, error) {
		return runtime.Reply{}, errors.New("disk 7 is on fire")
	}, func(c *Config) { c.Log = log.logger() })
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request("GET", "/extensions/acme.demo/hello", ""))
	if w.Code != 500 || strings.Contains(w.Body.String(), "fire") {
		t.Errorf("got %d %s, want 500 without detail", w.Code, w.Body)
	}
	if line := log.line("fault of the host"); line["error"] != "disk 7 is on fire" || line["request"] != w.Header().Get("X-Request-Id") {
		t.Errorf("got log line %v, want the detail under the request's id", line)
	}
}

func TestHealth(t *testing.T) {
	log := newLogBuffer()
	var sick error
	h := newTestHandler(t, demoHost, func(c *Config) {
		c.Health = func(context.Context) error { return sick }
		c.Log = log.logger()
	})
	ask := func() (int, string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/healthz", nil))
		return w.Code, w.Body.String()
	}
	if code, body := ask(); code != 200 || body != `{"status":"ok"}` {
		t.Errorf("healthy: got %d %s", code, body)
	}
	sick = errors.New("store: disk is full")
	if code, body := ask(); code != 503 || strings.Contains(body, "disk") {
		t.Errorf("sick: got %d %s, want 503 without the reason", code, body)
	}
	if line := log.line("not healthy"); line["error"] != "store: disk is full" {
		t.Errorf("got log line %v, want the reason", line)
	}
}

func TestNoDoors(t *testing.T) {
	h := newTestHandler(t, demoHost, func(c *Config) { c.Doors = nil })
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/public/door-of-demo/echo", nil))
	if w.Code != 404 {
		t.Errorf("got %d, want 404", w.Code)
	}
}

// While the bodies that are held fill their bound, further requests are
// refused; when they are done, all of it is free again.
func TestHeldBytesAreBounded(t *testing.T) {
	running, done := make(chan struct{}), make(chan struct{})
	h := newTestHandler(t, func(_ context.Context, call runtime.Call) (runtime.Reply, error) {
		if call.Path == "hold" {
			running <- struct{}{}
			<-done
		}
		return text(200, string(call.Body)), nil
	}, func(c *Config) { c.MaxHeld = 1000 })
	ask := func(path, body string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request("POST", "/extensions/acme.demo/"+path, body))
		return w
	}
	held := make(chan *httptest.ResponseRecorder)
	go func() { held <- ask("hold", strings.Repeat("x", 400)) }()
	<-running
	w := ask("x", strings.Repeat("x", 700))
	if w.Code != 429 || w.Header().Get("Retry-After") != "1" {
		t.Errorf("700 bytes beside 400 of 1000: got %d, Retry-After %q; want 429 and 1", w.Code, w.Header().Get("Retry-After"))
	}
	if w := ask("x", "small"); w.Code != 200 {
		t.Errorf("5 bytes beside 400 of 1000: got %d, want 200", w.Code)
	}
	if w := ask("x", ""); w.Code != 200 {
		t.Errorf("nothing beside 400 of 1000: got %d, want 200", w.Code)
	}
	h.held.Add(1000) // as much as answers that nobody takes
	if w := ask("x", ""); w.Code != 429 {
		t.Errorf("nothing beside 1400 of 1000: got %d, want 429", w.Code)
	}
	h.held.Add(-1000)
	close(done)
	if w := <-held; w.Code != 200 {
		t.Errorf("the request that held them: got %d, want 200", w.Code)
	}
	if w := ask("x", strings.Repeat("x", 400)); w.Code != 200 {
		t.Errorf("afterwards: got %d, want 200", w.Code)
	}
	if got := h.held.Load(); got != 0 {
		t.Errorf("at the end %d bytes are counted as held, want 0", got)
	}
}

// An answer counts as held until it is written.
func TestAnswersAreHeld(t *testing.T) {
	h := newTestHandler(t, func(context.Context, runtime.Call) (runtime.Reply, error) {
		return text(200, strings.Repeat("x", 700)), nil
	}, nil)
	var during int64
	w := watchedWriter{httptest.NewRecorder(), func() { during = h.held.Load() }}
	h.ServeHTTP(w, request("GET", "/extensions/acme.demo/hello", ""))
	if during < 700 {
		t.Errorf("while 700 bytes were written %d were counted as held", during)
	}
}

type watchedWriter struct {
	*httptest.ResponseRecorder
	onWrite func()
}

func (w watchedWriter) Write(p []byte) (int, error) {
	w.onWrite()
	return w.ResponseRecorder.Write(p)
}

func TestURL(t *testing.T) {
	tests := []struct{ rule, base, target, host, want string }{
		{"as the caller wrote it", "", "/extensions/a.b/c%2Fd?x=%20", "apps.example:8080", "http://apps.example:8080/extensions/a.b/c%2Fd?x=%20"},
		{"with the operator's origin", "https://apps.example", "/extensions/a.b/c?", "evil.example", "https://apps.example/extensions/a.b/c?"},
		{"over TLS", "", "https://apps.example/extensions/a.b/c", "apps.example", "https://apps.example/extensions/a.b/c"},
	}
	for _, tt := range tests {
		var got string
		h := newTestHandler(t, func(_ context.Context, call runtime.Call) (runtime.Reply, error) {
			got = call.URL
			return text(200, ""), nil
		}, func(c *Config) { c.BaseURL = tt.base })
		r := request("GET", tt.target, "")
		r.Host = tt.host
		h.ServeHTTP(httptest.NewRecorder(), r)
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.rule, got, tt.want)
		}
	}
}

var _ Host = (*runtime.Host)(nil)
