package httpapi

import (
	"net/http/httptest"
	"testing"
)

func TestCORS(t *testing.T) {
	const app = "https://app.example.com"
	h := newTestHandler(t, demoHost, func(c *Config) { c.Origins = []string{app} })
	open := newTestHandler(t, demoHost, func(c *Config) { c.Origins = []string{"*"} })
	none := newTestHandler(t, demoHost, nil)
	const path = "/extensions/acme.demo/echo"
	preflight := []string{"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type"}
	tests := []struct {
		rule    string
		handler *Handler
		method  string
		bearer  string
		header  []string
		status  int
		allowed string // Access-Control-Allow-Origin
		names   string // Access-Control-Allow-Headers
	}{
		{"a page asks", h, "OPTIONS", "", append([]string{"Origin", app}, preflight...), 204, app, "authorization,content-type"},
		{"a page of another origin asks", h, "OPTIONS", "", append([]string{"Origin", "https://evil.example"}, preflight...), 401, "", ""},
		{"an origin that begins alike", h, "OPTIONS", "", append([]string{"Origin", app + ".evil.example"}, preflight...), 401, "", ""},
		{"null", h, "OPTIONS", "", append([]string{"Origin", "null"}, preflight...), 401, "", ""},
		{"names that are none", h, "OPTIONS", "", []string{"Origin", app, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "a\tb"}, 204, app, ""},
		{"nobody may ask", none, "OPTIONS", "", append([]string{"Origin", app}, preflight...), 401, "", ""},
		{"everybody may", open, "OPTIONS", "", append([]string{"Origin", "https://evil.example"}, preflight...), 204, "*", "authorization,content-type"},
		{"a page calls", h, "GET", testToken, []string{"Origin", app}, 200, app, ""},
		{"a page calls without a token", h, "GET", "", []string{"Origin", app}, 401, app, ""},
		{"a page of another origin calls", h, "GET", testToken, []string{"Origin", "https://evil.example"}, 200, "", ""},
		{"a program calls", h, "GET", testToken, nil, 200, "", ""},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(tt.method, path, nil)
		if tt.bearer != "" {
			r.Header.Set("Authorization", "Bearer "+tt.bearer)
		}
		for i := 0; i < len(tt.header); i += 2 {
			r.Header.Set(tt.header[i], tt.header[i+1])
		}
		w := httptest.NewRecorder()
		tt.handler.ServeHTTP(w, r)
		got := w.Header()
		if w.Code != tt.status || got.Get("Access-Control-Allow-Origin") != tt.allowed || got.Get("Access-Control-Allow-Headers") != tt.names {
			t.Errorf("%s: %d, origin %q, headers %q; want %d, %q, %q", tt.rule, w.Code, got.Get("Access-Control-Allow-Origin"), got.Get("Access-Control-Allow-Headers"), tt.status, tt.allowed, tt.names)
		}
		if got.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: credentials of a browser are let in", tt.rule)
		}
		if wantVary := tt.handler != none; (got.Get("Vary") == "Origin") != wantVary {
			t.Errorf("%s: Vary %q", tt.rule, got.Get("Vary"))
		}
	}
}
