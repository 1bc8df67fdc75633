package secrets

import (
	"errors"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"
)

type fakeKeyring struct {
	texts  map[string]string
	broken error
	forget bool // accept a Set and keep nothing
}

func (r *fakeKeyring) Get(account string) (string, error) {
	if r.broken != nil {
		return "", r.broken
	}
	text, ok := r.texts[account]
	if !ok {
		return "", ErrNotFound
	}
	return text, nil
}

func (r *fakeKeyring) Set(account, text string) error {
	if !r.forget {
		r.texts[account] = text
	}
	return nil
}

func TestOpenKeyring(t *testing.T) {
	ring := &fakeKeyring{texts: map[string]string{}}
	first, created, err := OpenKeyring(ring, "data")
	if err != nil || !created {
		t.Fatalf("first open: created %v, %v", created, err)
	}
	second, created, err := OpenKeyring(ring, "data")
	if err != nil || created || second.ID() != first.ID() {
		t.Errorf("second open: %v, created %v, %v; want %v", second, created, err, first)
	}
	other, _, err := OpenKeyring(ring, "other")
	if err != nil || other.ID() == first.ID() {
		t.Errorf("another account: %v, %v", other, err)
	}
}

func TestOpenKeyringFaults(t *testing.T) {
	noBus := errors.New("dbus: no session bus")
	for _, tt := range []struct {
		rule    string
		ring    *fakeKeyring
		wantErr error
		text    string
	}{
		{"no desktop session", &fakeKeyring{broken: noBus}, noBus, "use a key file"},
		{"an entry that is no key", &fakeKeyring{texts: map[string]string{"data": "hunter2"}}, ErrNoMasterKey, "not base64"},
		{"a keyring that keeps nothing", &fakeKeyring{texts: map[string]string{}, forget: true}, ErrNotFound, "keyring"},
	} {
		_, _, err := OpenKeyring(tt.ring, "data")
		if !errors.Is(err, tt.wantErr) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: got %v, want %v with %q", tt.rule, err, tt.wantErr, tt.text)
		}
	}
}

// TestSystemKeyring runs against the mock of the keyring's package: that an absent
// entry is told from a broken keyring, which must not look like a first use.
func TestSystemKeyring(t *testing.T) {
	keyring.MockInit()
	var ring SystemKeyring
	if _, err := ring.Get("data"); !errors.Is(err, ErrNotFound) {
		t.Errorf("absent: got %v, want ErrNotFound", err)
	}
	key, created, err := OpenKeyring(ring, "data")
	if err != nil || !created {
		t.Fatalf("created %v, %v", created, err)
	}
	if text, err := keyring.Get("annex", "data"); err != nil || text != string(key.Text().Reveal()) {
		t.Errorf("the entry of service annex: %v", err)
	}
	noBus := errors.New("dbus: no session bus")
	keyring.MockInitWithError(noBus)
	if _, created, err := OpenKeyring(ring, "data"); !errors.Is(err, noBus) || errors.Is(err, ErrNotFound) || created {
		t.Errorf("a broken keyring: created %v, %v", created, err)
	}
}
