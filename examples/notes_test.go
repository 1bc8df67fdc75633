package examples

import (
	"fmt"
	"strings"
	"testing"

	"github.com/annexhost/annex/runtime/standard"
)

func TestNotes(t *testing.T) {
	a := open(t, "notes", standard.Options{})
	a.call("POST", "notes", map[string]any{}).want(t, 400, "error", "text is required")
	a.call("POST", "notes", map[string]any{"text": strings.Repeat("x", 2001)}).want(t, 400)

	created := a.call("POST", "notes", map[string]any{"text": "buy milk"}).want(t, 201, "text", "buy milk", "author", "ada@example.com")
	id := created.json["id"].(string)
	a.call("GET", "notes/"+id, nil).want(t, 200, "text", "buy milk")
	a.call("DELETE", "notes/"+id, nil).want(t, 204)
	a.call("DELETE", "notes/"+id, nil).want(t, 404, "error", "no such note")
	a.call("GET", "notes/"+id, nil).want(t, 404)
}

func TestNotesAreListedInPagesOfTheConfiguredSize(t *testing.T) {
	a := open(t, "notes", standard.Options{})
	if err := a.host.Configure(t.Context(), org, "annex.notes", "test", []byte(`{"pageSize": 3}`)); err != nil {
		t.Fatal(err)
	}
	for i := range 7 {
		a.call("POST", "notes", map[string]any{"text": fmt.Sprintf("note %d", i)}).want(t, 201)
	}
	var texts []string
	for path := "notes"; path != ""; {
		page := a.call("GET", path, nil).want(t, 200)
		for _, n := range page.json["notes"].([]any) {
			texts = append(texts, n.(map[string]any)["text"].(string))
		}
		path = ""
		if next, ok := page.json["next"].(string); ok {
			path = "notes?after=" + next
		}
	}
	if len(texts) != 7 {
		t.Errorf("listed %d notes in pages: %q, want 7", len(texts), texts)
	}
	exported := a.call("GET", "export", nil).want(t, 200)
	if got := strings.Count(exported.text, "\n"); got != 7 {
		t.Errorf("exported %d lines, want 7: %s", got, exported.text)
	}
	if got := exported.header.Get("Content-Disposition"); got != `attachment; filename="notes.jsonl"` {
		t.Errorf("Content-Disposition %q", got)
	}
}
