package runtime_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/backup"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/js"
	"github.com/annexhost/annex/runtime/keyspace"
	"github.com/annexhost/annex/runtime/logs"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/standard"
	"github.com/annexhost/annex/secrets"
	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/memstore"
)

// inhabited returns a host with two organizations that have everything an
// organization can have.
func inhabited(t *testing.T) *standard.Host {
	t.Helper()
	ctx := context.Background()
	h, err := standard.OpenMemory(ctx, standard.Options{Record: recordAll})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close(ctx) })
	for _, org := range []string{"acme", "other"} {
		if err := inhabit(ctx, t, h, org); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// inhabit gives an organization what one can have: annex.notes with a note, annex.weather
// with a secret and a value that expires, annex.webhook with a public address, and
// some.x in its second version with a third that waits.
func inhabit(ctx context.Context, t *testing.T, h *standard.Host, org string) error {
	for _, name := range []string{"notes", "weather", "webhook", "hello"} {
		if _, err := h.InstallDir(ctx, org, "../examples/"+name); err != nil {
			return err
		}
	}
	if err := h.Uninstall(ctx, org, "annex.hello", "a test", false); err != nil {
		return err
	}
	reply, err := h.Invoke(ctx, runtime.Call{ID: "by-" + org, Org: org, Extension: "annex.notes", Method: "POST", Path: "notes",
		Header: [][2]string{{"content-type", "application/json"}}, Body: []byte(`{"text":"of ` + org + `"}`)})
	if err != nil || reply.Status != 201 {
		return fmt.Errorf("status %d, error %v", reply.Status, err)
	}
	_, recorded := h.Recording(ctx, org, "by-"+org)
	for _, version := range []string{"1.0.0", "1.1.0"} {
		installAll(t, h, org, some(t, version, "", `export default () => '`+version+`'`))
	}
	_, _, pending := h.Update(ctx, org, some(t, "1.2.0", `"storage:database"`, counting), runtime.Consent{By: "a test"})
	_, secret := h.State.Keeper.Set(ctx, secrets.Owner{Org: org, Extension: "annex.weather"}, "api_key", secrets.NewValue("s3cret-of-"+org))
	_, _, token := h.State.Tokens.New(ctx, identity.Token{Org: org, Role: identity.Admin, ExpiresAt: time.Now().Add(time.Hour)})
	h.State.Logs.Add(logs.Line{Org: org, Extension: "annex.notes", Level: "info", Message: "hello"})
	_, checkpoint := h.State.Audit.Checkpoint(ctx, org)
	_, pruned := h.State.Audit.Prune(ctx, org, "a test", time.Now().Add(time.Minute))
	return errors.Join(recorded, pending, secret, token, checkpoint, pruned, h.State.Logs.Flush(ctx),
		h.State.Registry.PinPublisher(ctx, org, "somebody", &registry.PublisherKey{KeyID: "somebody-1"}),
		h.Space(org, "annex.weather").Set(ctx, "expires", []byte(`1`), time.Hour))
}

// some is a package of some.x, whose name is no organization's.
func some(t *testing.T, version, server, code string) *pack.Package {
	return extension(t, strings.ReplaceAll(manifestOf("x", version, server, ""), "acme", "some"), code)
}

// TestEveryKeyHasAnOwner: a new kind of key that nobody put into the table would
// make erasing impossible to prove, and one that inhabited does not write is not proven.
func TestEveryKeyHasAnOwner(t *testing.T) {
	h := inhabited(t)
	pairs, err := h.State.Store.Scan(context.Background(), "", "", 10_000)
	if err != nil {
		t.Fatal(err)
	}
	owned := map[string]int{}
	for _, p := range pairs {
		org, err := keyspace.Owner(p.Key, p.Value)
		if err != nil {
			t.Error(err)
		}
		owned[org]++
		if org == keyspace.Host && strings.Contains(string(p.Key), "acme") {
			t.Errorf("%q is nobody's", p.Key)
		}
	}
	if owned["acme"] < 20 || owned["acme"] != owned["other"] {
		t.Errorf("keys by owner: %v", owned)
	}
	for _, family := range keyspace.Families() {
		there := slices.ContainsFunc(pairs, func(p storage.Pair) bool { return strings.HasPrefix(string(p.Key), string(family)) })
		passing := family == "reg/writing/" // only while a package is written
		if there == passing {
			t.Errorf("%q: keys are there: %v", family, there)
		}
	}
}

func TestEraseOrg(t *testing.T) {
	ctx := context.Background()
	h := inhabited(t)
	done, err := h.EraseOrg(ctx, "acme", "a test")
	if err != nil {
		t.Fatal(err)
	}
	if done.Scanned == 0 || done.Keys == 0 {
		t.Errorf("erasure %+v", done)
	}
	pairs, err := h.State.Store.Scan(ctx, "", "", 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pairs {
		whole := string(p.Key) + " " + string(p.Value)
		if strings.Contains(whole, "acme") && !strings.HasPrefix(whole, "aud/e/"+audit.HostOrg) {
			t.Errorf("left: %.200q", whole)
		}
	}
	reply, err := h.Invoke(ctx, runtime.Call{ID: "2", Org: "other", Extension: "annex.notes", Method: "GET", Path: "notes"})
	if err != nil || !bytes.Contains(reply.Body, []byte("of other")) {
		t.Errorf("the other organization: %s, error %v", reply.Body, err)
	}
	if r, err := h.State.Audit.Verify(ctx, "other"); err != nil || r.FirstBad != nil {
		t.Errorf("its audit: %+v, error %v", r, err)
	}
	if _, err := h.EraseOrg(ctx, "acme", "a test"); runtime.CodeOf(err) != "not_found" {
		t.Errorf("erased twice: %v", err)
	}
}

// stoppingStore fails after a number of writes, as a process does that is killed.
type stoppingStore struct {
	storage.Store
	left int64
}

var errStopped = errors.New("stopped")

func (s *stoppingStore) Update(ctx context.Context, f func(storage.Tx) error) error {
	if atomic.AddInt64(&s.left, -1) < 0 {
		return errStopped
	}
	return s.Store.Update(ctx, f)
}

// TestAnErasureThatStopsAnywhereIsFinished stops it after each of its writes.
func TestAnErasureThatStopsAnywhereIsFinished(t *testing.T) {
	ctx := context.Background()
	h := inhabited(t)
	key, err := h.State.Keeper.DeriveKey("audit")
	if err != nil {
		t.Fatal(err)
	}
	var copied bytes.Buffer
	if _, err := backup.Write(ctx, h.State.Store.(storage.Snapshotter), nil, backup.Info{}, &copied); err != nil {
		t.Fatal(err)
	}
	for stop := 0; ; stop++ {
		below := memstore.New()
		if _, err := backup.Load(ctx, bytes.NewReader(copied.Bytes()), below); err != nil {
			t.Fatal(err)
		}
		failing := &stoppingStore{Store: below, left: 1 << 30}
		host := over(t, failing, h.State.Keeper.MasterKey(), key)
		atomic.StoreInt64(&failing.left, int64(stop))
		_, erased := host.EraseOrg(ctx, "acme", "a test")
		atomic.StoreInt64(&failing.left, 1<<30)
		if erased == nil {
			if stop < 12 {
				t.Fatalf("it took %d writes: it was not stopped often", stop)
			}
			return
		}
		if _, err := host.EraseOrg(ctx, "acme", "a test"); err != nil && runtime.CodeOf(err) != "not_found" {
			t.Fatalf("stopped after %d writes (%v), and then: %v", stop, erased, err)
		}
		keys, err := below.Keys(ctx, "", "", 10_000)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range keys {
			if strings.Contains(string(key), "acme") {
				t.Fatalf("stopped after %d writes: %q is left", stop, key)
			}
		}
	}
}

// over returns a host over a store.
func over(t *testing.T, store storage.Store, master secrets.MasterKey, auditKey []byte) *runtime.Host {
	t.Helper()
	ctx := context.Background()
	keeper, err := secrets.NewKeeper(ctx, store, master, secrets.KeeperConfig{})
	if err != nil {
		t.Fatal(err)
	}
	log, err := audit.Open(store, auditKey, nil)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := js.New(js.Config{})
	if err != nil {
		t.Fatal(err)
	}
	host, err := runtime.New(ctx, runtime.Config{Store: store, Keeper: keeper, Audit: log, JavaScript: engine})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(host.Close(ctx), log.Close(ctx), engine.Close()) })
	return host
}
