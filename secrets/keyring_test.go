package secrets

import (
	"errors"
	"strings"
	"testing"
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
