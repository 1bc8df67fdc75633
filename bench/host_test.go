package bench

import (
	"context"
	"fmt"
	"testing"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/standard"
)

// A rate limit that no benchmark reaches. It is checked all the same.
const noRate = 1_000_000_000

func openHost(tb testing.TB, dir string, o standard.Options) *standard.Host {
	tb.Helper()
	o.Limits.Rate = noRate
	h, err := standard.Open(context.Background(), dir, o)
	must(tb, err)
	tb.Cleanup(func() { closeHost(tb, h) })
	return h
}

// closeHost closes a host; one that is closed already stays so.
func closeHost(tb testing.TB, h *standard.Host) { must(tb, h.Close(context.Background())) }

// install installs the extension acme.NAME, whose one handler is code.
func install(tb testing.TB, h *standard.Host, name, code string) {
	tb.Helper()
	installFor(tb, h, "acme", name, code)
}

// installFor installs it for an organization.
func installFor(tb testing.TB, h *standard.Host, org, name, code string) {
	tb.Helper()
	manifest := fmt.Sprintf(`{
		"id": "acme.%s", "name": "Bench", "version": "1.0.0", "publisher": "acme", "license": "MIT",
		"engines": {"blueplm": "^3.0.0"}, "serverMain": "h.js", "activationEvents": ["onStartup"],
		"contributes": {"apiRoutes": [{"method": "GET", "path": "do", "handler": "h.js"}]},
		"permissions": {"server": ["storage:database"]}
	}`, name)
	p, err := pack.FromFiles(map[string][]byte{"extension.json": []byte(manifest), "h.js": []byte(code)}, pack.Options{})
	must(tb, err)
	_, err = h.Install(context.Background(), org, p, runtime.Consent{Granted: p.Manifest.Permissions, By: "bench"})
	must(tb, err)
}

var user = &bridge.User{ID: "u", Email: "u@example.com", OrgID: "acme", Role: "admin"}

// invoke calls the handler of acme.NAME, from any goroutine. Anything but a 2xx
// is an error of the test.
func invoke(tb testing.TB, h *standard.Host, name, query string) {
	reply, err := h.Invoke(context.Background(), runtime.Call{
		ID: "bench", Org: "acme", Extension: "acme." + name, Method: "GET", Path: "do", RawQuery: query,
		URL: "http://localhost/extensions/acme." + name + "/do?" + query, User: user,
		Header: [][2]string{{"accept", "*/*"}, {"user-agent", "bench"}},
	})
	if err != nil || reply.Status/100 != 2 {
		tb.Errorf("status %d, %v", reply.Status, err)
	}
}
