package examples

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/standard"
)

func TestWeather(t *testing.T) {
	var asked atomic.Int64
	policy := stub(t, "api.weather.example", func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.Header.Get("Authorization") != "Bearer k-123" || r.URL.Query().Get("city") != "Oslo" {
			http.Error(w, "who are you", http.StatusForbidden)
			return
		}
		fmt.Fprint(w, `{"celsius": 20}`)
	})
	clock := time.Now()
	a := open(t, "weather", standard.Options{Egress: policy, Now: func() time.Time { return clock }})

	a.call("GET", "forecast/Oslo", nil).want(t, 409)
	a.call("PUT", "key", map[string]any{"key": ""}).want(t, 400)
	a.call("PUT", "key", map[string]any{"key": "wrong"}).want(t, 204)
	a.call("GET", "forecast/Oslo", nil).want(t, 502, "error", "the weather service answered 403")

	a.call("PUT", "key", map[string]any{"key": "k-123"}).want(t, 204)
	a.call("GET", "forecast/Oslo", nil).want(t, 200, "fahrenheit", 68.0, "cached", false)
	a.call("GET", "forecast/Oslo", nil).want(t, 200, "fahrenheit", 68.0, "cached", true)
	if got := asked.Load(); got != 2 {
		t.Errorf("the service was asked %d times, want 2: the second good answer comes from the cache", got)
	}
	clock = clock.Add(11 * time.Minute)
	a.call("GET", "forecast/Oslo", nil).want(t, 200, "cached", false)
}
