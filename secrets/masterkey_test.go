package secrets

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func mustKey(t testing.TB) MasterKey {
	t.Helper()
	k, err := NewMasterKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func encoded(b byte, n int) string {
	raw := make([]byte, n)
	for i := range raw {
		raw[i] = b + byte(i)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

func TestParseMasterKey(t *testing.T) {
	one, two := encoded(1, 32), encoded(2, 32)
	for _, tt := range []struct{ rule, text, wantErr string }{
		{"one key", one, ""},
		{"surrounding space and a line end are fine", "  " + one + " \r\n", ""},
		{"comments and empty lines are skipped", "# mine\n\n" + one + "\n# old\n" + two + "\n", ""},
		{"empty", "", "empty"},
		{"comments alone", "# nothing\n", "empty"},
		{"not base64", "hunter2!", "not base64"},
		{"URL alphabet", strings.Repeat("-_", 21) + "8=", "not base64"},
		{"bits beyond the last byte", one[:42] + "/=", "not base64"},
		{"31 bytes", encoded(1, 31), "31 bytes, not 32"},
		{"33 bytes", encoded(1, 33), "33 bytes, not 32"},
		{"all zeros", base64.StdEncoding.EncodeToString(make([]byte, 32)), "repeats one byte"},
		{"the same key twice", one + "\n" + one, "twice"},
		{"two keys on a line", one + " " + two, "not base64"},
		{"a line without end", strings.Repeat("A", 1<<20), "too long"},
	} {
		k, err := ParseMasterKey(tt.text)
		if tt.wantErr == "" {
			if err != nil || k.ID() == "" {
				t.Errorf("%s: got %v, %v", tt.rule, k, err)
			}
			continue
		}
		if !errors.Is(err, ErrNoMasterKey) || !strings.Contains(err.Error(), tt.wantErr) {
			t.Errorf("%s: got %v, want ErrNoMasterKey with %q", tt.rule, err, tt.wantErr)
		}
		if len(tt.text) > 20 && err != nil && strings.Contains(err.Error(), tt.text[:20]) {
			t.Errorf("%s: the error repeats the text: %v", tt.rule, err)
		}
	}
}

func TestMasterKeyLimitOfKeys(t *testing.T) {
	var lines []string
	for i := range maxMasterKeys + 1 {
		lines = append(lines, encoded(byte(i), 32))
	}
	full, err := ParseMasterKey(strings.Join(lines[:maxMasterKeys], "\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseMasterKey(strings.Join(lines, "\n")); !errors.Is(err, ErrNoMasterKey) {
		t.Errorf("%d keys: got %v, want ErrNoMasterKey", len(lines), err)
	}
	if _, err := full.Rotate(); !errors.Is(err, ErrNoMasterKey) {
		t.Errorf("rotate a full key: got %v, want ErrNoMasterKey", err)
	}
}

func TestMasterKeyTextRoundTrip(t *testing.T) {
	k, err := mustKey(t).Rotate()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseMasterKey(string(k.Text().Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	if len(again.entries()) != 2 || again.ID() != k.ID() || again.entries()[1].sealing.id != k.entries()[1].sealing.id {
		t.Errorf("got %v with %d keys, want %v with 2", again, len(again.entries()), k)
	}
	if got := again.Current(); len(got.entries()) != 1 || got.ID() != k.ID() {
		t.Errorf("Current = %v with %d keys", got, len(got.entries()))
	}
	if got := (MasterKey{}); got.ID() != "" || len(got.Current().entries()) != 0 {
		t.Errorf("zero key: %v", got)
	}
}

func TestMasterKeyDoesNotPrint(t *testing.T) {
	k := mustKey(t)
	raw := k.entries()[0].secret.bytes()
	text := base64.StdEncoding.EncodeToString(raw)
	type config struct {
		Key    MasterKey
		hidden MasterKey
	}
	c := config{k, k}
	js, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	printed := []string{string(js)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		printed = append(printed, fmt.Sprintf(verb, k), fmt.Sprintf(verb, c), fmt.Sprintf(verb, &c), fmt.Sprintf(verb, k.Text()))
	}
	decimal := strings.Trim(fmt.Sprint(raw), "[]")
	for _, s := range printed {
		if strings.Contains(s, text) || strings.Contains(s, fmt.Sprintf("%x", raw)) || strings.Contains(s, decimal) {
			t.Errorf("prints the key: %s", s)
		}
	}
	if got, want := k.String(), "master key "+k.ID(); got != want {
		t.Errorf("String = %q, want %q", got, want)
	}
}
