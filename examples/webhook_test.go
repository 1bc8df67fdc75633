package examples

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/standard"
)

// deliver sends a delivery as the other service does: to the public address,
// without a token.
func (a *app) deliver(id, signature, body string) answer {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), "POST", a.public+"deliveries", strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Webhook-Id", id)
	r.Header.Set("Webhook-Signature", signature)
	return a.send(r)
}

// signed is the field for a delivery, by its key and time.
func signed(key, id string, at time.Time, body string) string {
	mac := hmac.New(sha256.New, []byte(key))
	fmt.Fprintf(mac, "%s.%d.%s", id, at.Unix(), body)
	return fmt.Sprintf("t=%d,v1=%x", at.Unix(), mac.Sum(nil))
}

func TestWebhook(t *testing.T) {
	const key, body = "0123456789abcdef-key", `{"type":"invoice.paid", "total": 1.50}`
	a := open(t, "webhook", standard.Options{})
	now := time.Now()

	a.deliver("d1", signed(key, "d1", now, body), body).want(t, 503, "error", "no signing key is set")
	a.call("PUT", "key", map[string]any{"key": "short"}).want(t, 400)
	a.call("PUT", "key", map[string]any{"key": key}).want(t, 204)

	refused := []struct{ rule, signature, body string }{
		{"no signature", "", body},
		{"another key", signed("another key of some length", "d1", now, body), body},
		{"another body", signed(key, "d1", now, body), body + " "},
		{"the same JSON in other bytes", signed(key, "d1", now, body), strings.ReplaceAll(body, "1.50", "1.5")},
		{"another id", signed(key, "d0", now, body), body},
		{"another time", strings.Replace(signed(key, "d1", now, body), "t=1", "t=2", 1), body},
		{"an old one", signed(key, "d1", now.Add(-6*time.Minute), body), body},
		{"one of the future", signed(key, "d1", now.Add(6*time.Minute), body), body},
		{"no hex", fmt.Sprintf("t=%d,v1=zz", now.Unix()), body},
	}
	for _, tt := range refused {
		if got := a.deliver("d1", tt.signature, tt.body); got.status != 401 {
			t.Errorf("%s: %d %s, want 401", tt.rule, got.status, got.text)
		}
	}
	a.call("GET", "deliveries", nil).want(t, 200)

	a.deliver("d1", signed(key, "d1", now, body), body).want(t, 200, "received", true)
	a.deliver("d1", signed(key, "d1", now, body), body).want(t, 200, "received", false, "duplicate", true)
	changing := signed("the key that comes next", "d2", now, body) + "," + strings.Split(signed(key, "d2", now, body), ",")[1]
	a.deliver("d2", changing, body).want(t, 200, "received", true)
	a.deliver("a/b", signed(key, "a/b", now, body), body).want(t, 400)

	got := a.call("GET", "deliveries", nil).want(t, 200)
	if list, _ := got.json["deliveries"].([]any); len(list) != 2 {
		t.Errorf("deliveries %s, want two", got.text)
	}

	// The address is rotated, and then revoked: nothing stays at the old one.
	old := a.public
	inst, err := a.host.RotatePublic(t.Context(), org, "annex.webhook", "test")
	if err != nil {
		t.Fatal(err)
	}
	a.deliver("d3", signed(key, "d3", now, body), body).want(t, 404, "error", "NOT_FOUND")
	a.public = strings.Replace(old, strings.Split(old, "/public/")[1], inst.PublicToken+"/", 1)
	a.deliver("d3", signed(key, "d3", now, body), body).want(t, 200, "received", true)
	if _, err := a.host.RevokePublic(t.Context(), org, "annex.webhook", "test"); err != nil {
		t.Fatal(err)
	}
	a.deliver("d4", signed(key, "d4", now, body), body).want(t, 404, "error", "NOT_FOUND")
	a.call("GET", "deliveries", nil).want(t, 200) // who signs in is not affected
}
