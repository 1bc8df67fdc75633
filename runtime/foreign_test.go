package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/js"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/secrets"
	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/memstore"
)

// witness is a store that notes what is asked of it.
type witness struct {
	storage.Store
	mu   sync.Mutex
	seen []string
}

func (w *witness) note(what string, key storage.Key) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, fmt.Sprintf("%s %s", what, key))
}

// take returns what was noted since, with name as N: so that what is asked
// about two names of one length can be compared.
func (w *witness) take(name string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.seen
	w.seen = nil
	for i := range seen {
		seen[i] = strings.ReplaceAll(seen[i], name, "N")
	}
	return seen
}

func (w *witness) Get(ctx context.Context, key storage.Key) ([]byte, error) {
	w.note("get", key)
	return w.Store.Get(ctx, key)
}

func (w *witness) Scan(ctx context.Context, prefix, after storage.Key, limit int) ([]storage.Pair, error) {
	w.note("scan", prefix)
	return w.Store.Scan(ctx, prefix, after, limit)
}

// What belongs to another organization is answered like what does not exist:
// with the same text and, because the same is read to find it out, in the same
// time. A clock would tell that too, but not reliably.
func TestForeignIsLikeAbsent(t *testing.T) {
	store := &witness{Store: memstore.New()}
	h := newWitnessed(t, store, newEngine(t))
	p := extension(t, manifestOf("here", "1.0.0", `"storage:database"`, `,{"method": "GET", "path": "open", "handler": "server/do.js", "public": true}`), counting)
	inst, err := h.Install(t.Context(), "acme", p, runtime.Consent{Granted: p.Manifest.Permissions, By: "test"})
	if err != nil || inst.PublicToken == "" {
		t.Fatal(inst.PublicToken, err)
	}
	call := func(org, ext string) runtime.Call { c := callOf(org, ext); return c }
	if _, err := h.Invoke(t.Context(), call("acme", "acme.here")); err != nil {
		t.Fatal(err)
	}
	for _, names := range [][2]string{{"acme.here", "acme.none"}, {"here", "none"}} {
		var answers, reads [2]string
		for i, name := range names {
			store.take(name)
			_, err := h.Invoke(t.Context(), call("globex", name))
			answers[i] = strings.ReplaceAll(fmt.Sprint(sandbox.AsError(err)), name, "N")
			reads[i] = fmt.Sprint(slices.Clone(store.take(name)))
		}
		if answers[0] != answers[1] || reads[0] != reads[1] || answers[0] == "" {
			t.Errorf("%s of another organization: %s after %s\n%s that does not exist: %s after %s", names[0], answers[0], reads[0], names[1], answers[1], reads[1])
		}
		for _, read := range reads {
			if strings.Contains(read, "/acme/") {
				t.Errorf("a caller of globex makes the host read records of acme: %s", read)
			}
		}
	}

	// A public address that was revoked is one that never was.
	if _, err := h.RevokePublic(t.Context(), "acme", "acme.here", "test"); err != nil {
		t.Fatal(err)
	}
	_, _, gone := h.OpenDoor(t.Context(), inst.PublicToken)
	_, _, never := h.OpenDoor(t.Context(), strings.Repeat("x", len(inst.PublicToken)))
	if gone == nil || gone.Error() != never.Error() {
		t.Errorf("revoked: %v; never there: %v", gone, never)
	}
}

// trials is an engine that notes of which sources it is told that they were tried.
type trials struct {
	sandbox.Engine
	mu    sync.Mutex
	tried []bool
}

func (e *trials) Compile(ctx context.Context, src sandbox.Source) (sandbox.Program, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tried = append(e.tried, src.Tried)
	return e.Engine.Compile(ctx, src)
}

// TestAHandlerIsTriedOnce is that a handler is compiled on trial when it is
// installed, and that what a call compiles is known to have passed.
func TestAHandlerIsTriedOnce(t *testing.T) {
	engine := &trials{Engine: newEngine(t)}
	h := newWitnessed(t, memstore.New(), engine)
	p := extension(t, manifestOf("x", "1.0.0", "", ""), `export default () => 'here'`)
	for _, org := range []string{"acme", "globex"} { // the second one installs what is known
		if _, err := h.Install(t.Context(), org, p, runtime.Consent{By: "test"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.Invoke(t.Context(), callOf("acme", "acme.x")); err != nil {
		t.Fatal(err)
	}
	if want := []bool{false, true}; !slices.Equal(engine.tried, want) {
		t.Errorf("compiled, tried before: %v, want %v", engine.tried, want)
	}
}

func newEngine(t *testing.T) sandbox.Engine {
	t.Helper()
	engine, err := js.New(js.Config{API: bridge.API()})
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// newWitnessed is a host whose store and engine are seen. It closes the engine.
func newWitnessed(t *testing.T, store storage.Store, engine sandbox.Engine) *runtime.Host {
	t.Helper()
	key, err := secrets.NewMasterKey()
	if err != nil {
		t.Fatal(err)
	}
	keeper, err := secrets.NewKeeper(t.Context(), store, key, secrets.KeeperConfig{})
	if err != nil {
		t.Fatal(err)
	}
	chain, err := keeper.DeriveKey("audit")
	if err != nil {
		t.Fatal(err)
	}
	log, err := audit.Open(store, chain, nil)
	if err != nil {
		t.Fatal(err)
	}
	h, err := runtime.New(t.Context(), runtime.Config{Store: store, Keeper: keeper, Audit: log, JavaScript: engine})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		if err := errors.Join(h.Close(ctx), log.Close(ctx), engine.Close()); err != nil {
			t.Error(err)
		}
	})
	return h
}
