package examples

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/annexhost/annex/runtime/standard"
)

func TestFileSync(t *testing.T) {
	policy := stub(t, "api.cloudprovider.example", func(w http.ResponseWriter, r *http.Request) {
		var sent struct {
			VaultID string
			Files   []string
			Since   *string
		}
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil || r.Header.Get("Authorization") != "Bearer secret" || r.Method != http.MethodPost {
			http.Error(w, "bad", http.StatusBadRequest)
			return
		}
		fmt.Fprintf(w, `{"uploaded": %d, "since": %v}`, len(sent.Files), sent.Since == nil)
	})
	a := open(t, "file-sync", standard.Options{Egress: policy})

	a.call("GET", "status/v1", nil).want(t, 200, "configured", false, "lastSync", nil)
	a.call("POST", "sync", map[string]any{}).want(t, 400, "error", "vaultId is required")
	a.call("POST", "sync", map[string]any{"vaultId": "v1"}).want(t, 400, "error", "API key is not configured")
	a.call("POST", "configure", map[string]any{"apiKey": "secret"}).want(t, 200, "success", true)
	a.call("POST", "sync", map[string]any{"vaultId": "v1", "files": []string{"a.sldprt", "b.sldprt"}}).want(t, 200, "uploaded", 2.0)

	status := a.call("GET", "status/v1", nil).want(t, 200, "configured", true)
	if _, ok := status.json["lastSync"].(string); !ok {
		t.Errorf("lastSync = %v, want a time", status.json["lastSync"])
	}
	// The short name is an alias, as the client half uses it.
	a.url = a.url[:len(a.url)-len("annex.file-sync/")] + "file-sync/"
	a.call("GET", "status/v1", nil).want(t, 200, "configured", true)
}
