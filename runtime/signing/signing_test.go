package signing

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/pack"
)

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

const extension = `{"id":"acme.notes","name":"Notes","version":"1.0.0","publisher":"acme","license":"MIT",
"engines":{"blueplm":"^3.0.0"},"serverMain":"a.js","activationEvents":["onStartup"],
"contributes":{"apiRoutes":[{"method":"GET","path":"notes","handler":"a.js"}]},"permissions":{}}`

func files(changes map[string]string) map[string][]byte {
	all := map[string][]byte{"extension.json": []byte(extension), "a.js": []byte("export default () => 1"), "b.js": []byte("2"), "LICENSE": []byte("MIT")}
	for name, text := range changes {
		if text == "-" {
			delete(all, name)
			continue
		}
		all[name] = []byte(text)
	}
	return all
}

// archive is a package that went through bytes, as every package does.
func archive(t *testing.T, contents map[string][]byte) *pack.Package {
	t.Helper()
	data, err := pack.Write(contents, pack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := pack.OpenArchive(data, pack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// signed returns the files of a package with their signature.
func signed(t *testing.T, dir, id string, contents map[string][]byte) map[string][]byte {
	t.Helper()
	key, err := PrivateKey(dir, id)
	if err != nil {
		t.Fatal(err)
	}
	contents = maps.Clone(contents)
	contents[File] = Sign(archive(t, contents), id, key)
	return contents
}

func ringWith(t *testing.T, ids ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	for _, id := range ids {
		if _, err := Create(dir, id, "acme", now, now.AddDate(1, 0, 0)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func verify(t *testing.T, dir string, contents map[string][]byte, at time.Time) (PublicKey, error) {
	t.Helper()
	ring, err := OpenRing(dir)
	if err != nil {
		return PublicKey{}, err
	}
	return Verify(archive(t, contents), ring, at)
}

func TestVerify(t *testing.T) {
	dir := ringWith(t, "acme-2026")
	// The same key under another name: what it signed under the one is not the other's.
	public, err := os.ReadFile(filepath.Join(dir, "acme-2026.pub.json"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "acme-alias.pub.json"), []byte(strings.ReplaceAll(string(public), "acme-2026", "acme-alias")), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	sound := signed(t, dir, "acme-2026", files(nil))
	other := signed(t, dir, "acme-2026", files(map[string]string{"extension.json": strings.Replace(extension, "1.0.0", "1.0.1", 1)}))
	with := func(base map[string][]byte, name, text string) map[string][]byte {
		all := maps.Clone(base)
		all[name] = []byte(text)
		if text == "-" {
			delete(all, name)
		}
		return all
	}
	replaced := func(old, new string) map[string][]byte {
		text := strings.Replace(string(sound[File]), old, new, 1)
		if text == string(sound[File]) {
			t.Fatalf("%q is not in the signature", old)
		}
		return with(sound, File, text)
	}
	for _, c := range []struct {
		rule     string
		contents map[string][]byte
		code     Code
		want     string
	}{
		{"a changed byte", with(sound, "a.js", "export default () => 2"), ContentChanged, "not what was signed: a.js was changed"},
		{"an added file", with(sound, "c.js", ""), ContentChanged, "c.js was added"},
		{"an added hidden file", with(sound, ".x", ""), ContentChanged, ".x was added"},
		{"a removed file", with(sound, "b.js", "-"), ContentChanged, "b.js was removed"},
		{"a changed manifest", with(sound, "extension.json", strings.Replace(extension, "{}", `{"server":["secrets:read"]}`, 1)), ContentChanged, "extension.json was changed"},
		{"a stripped signature", with(sound, File, "-"), Unsigned, "acme.notes 1.0.0 is not signed"},
		{"a signature of another package", with(sound, File, string(other[File])), WrongPackage, "made for acme.notes 1.0.1, this is acme.notes 1.0.0"},
		{"an empty signature", with(sound, File, ""), Malformed, "does not begin"},
		{"another block", replaced("BEGIN BLUEPLM", "BEGIN PGP"), Malformed, "does not begin"},
		{"no statement", with(sound, File, strings.SplitAfter(string(sound[File]), end+"\n")[0]), Malformed, "does not follow"},
		{"another hash", replaced("SHA256:", "SHA256:0"), Invalid, "its hash"},
		{"another statement", replaced("notes 1.0.0", "notes 1.0.9"), Invalid, "did not make"},
		{"a list with a line more", with(sound, File, string(sound[File])+"x 1 y\n"), Invalid, "did not make"},
		{"another key id", replaced("KeyId: acme-2026", "KeyId: acme-2027"), KeyUnknown, "acme-2027, which is not known here"},
		{"another name of the key", replaced("KeyId: acme-2026", "KeyId: acme-alias"), Invalid, "the key acme-alias did not make"},
		{"a key id that is a path", replaced("KeyId: acme-2026", "KeyId: ../x"), Malformed, "no name of a key"},
	} {
		_, err := verify(t, dir, c.contents, now)
		var refused *Error
		if !errors.As(err, &refused) || refused.Code != c.code || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s with %q", c.rule, err, c.code, c.want)
		}
	}
	key, err := verify(t, dir, sound, now)
	if err != nil || key.KeyID != "acme-2026" || key.Issuer != "acme" {
		t.Errorf("the sound package: %+v, %v", key, err)
	}
}

// A key that may not sign any more, or not this.
func TestKeys(t *testing.T) {
	author := ringWith(t, "acme-2026", "acme-2027")
	sound := signed(t, author, "acme-2026", files(nil))
	want := func(rule, dir string, at time.Time, code Code, text string) {
		t.Helper()
		_, err := verify(t, dir, sound, at)
		var refused *Error
		if code == "" && err == nil {
			return
		}
		if !errors.As(err, &refused) || refused.Code != code || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v, want %s with %q", rule, err, code, text)
		}
	}
	want("a key of the ring", author, now, "", "")
	want("a key that nobody knows", ringWith(t), now, KeyUnknown, "annex keys trust")
	want("an expired key", author, now.AddDate(1, 0, 0), KeyExpired, "expired on 2027-05-01")

	data, err := os.ReadFile(filepath.Join(author, "acme-2026.pub.json"))
	if err != nil {
		t.Fatal(err)
	}
	public, err := ParsePublicKey(data)
	if err != nil {
		t.Fatal(err)
	}
	operator := ringWith(t)
	if err := Trust(operator, public, Verified); err != nil {
		t.Fatal(err)
	}
	want("a key that was added", operator, now, "", "")
	if key, _ := verify(t, operator, sound, now); key.Tier != Verified {
		t.Errorf("tier %s, want %s", key.Tier, Verified)
	}
	if err := Revoke(operator, "acme-2026", "stolen laptop", now); err != nil {
		t.Fatal(err)
	}
	want("a revoked key", operator, now, KeyRevoked, "revoked on 2026-05-01: stolen laptop")
	if err := os.Remove(filepath.Join(operator, "acme-2026.pub.json")); err != nil {
		t.Fatal(err)
	}
	want("a revoked key that was taken off", operator, now, KeyRevoked, "stolen")
	if err := Trust(operator, public, Community); !errors.Is(err, ErrExists) {
		t.Errorf("a revoked key was trusted again: %v", err)
	}
	if err := os.Remove(filepath.Join(author, revokedFile)); err != nil {
		t.Fatal(err)
	}
	want("no list of revoked keys", author, now, RingUnreadable, "no signature is accepted")
	for _, text := range []string{"", "{}", "{\"keys\": null}", "[]"} {
		if err := os.WriteFile(filepath.Join(author, revokedFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		want(fmt.Sprintf("a list of revoked keys that says %q", text), author, now, RingUnreadable, "no signature is accepted")
	}

	foreign := filepath.Join(t.TempDir(), "keys")
	if _, err := Create(foreign, "evil", "evil", now, now.AddDate(1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	_, err = verify(t, foreign, signed(t, foreign, "evil", files(nil)), now)
	var refused *Error
	if !errors.As(err, &refused) || refused.Code != KeyForeign {
		t.Errorf("a key of another publisher: %v", err)
	}
	if _, err := Create(foreign, "evil", "evil", now, now); !errors.Is(err, ErrExists) {
		t.Errorf("a second key of one name: %v", err)
	}
}

func TestPrivateKeyIsForItsOwner(t *testing.T) {
	dir := ringWith(t, "a")
	info, err := os.Stat(filepath.Join(dir, "a.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if own, err := Own(dir); err != nil || len(own) != 1 || own[0] != "a" {
		t.Errorf("own keys %v, %v", own, err)
	}
	for _, id := range []string{"", "../a", "A", "con", "a/b", strings.Repeat("a", 65)} {
		if CheckKeyID(id) == nil {
			t.Errorf("%q can name a key", id)
		}
	}
}

func TestTiers(t *testing.T) {
	for _, c := range []struct {
		is, least Tier
		want      bool
	}{{Sideloaded, Sideloaded, true}, {Sideloaded, Community, false}, {Community, Community, true}, {Community, Verified, false}, {Verified, Community, true}, {"", Sideloaded, false}, {Verified, "gold", false}} {
		if got := c.is.AtLeast(c.least); got != c.want {
			t.Errorf("%q at least %q: %v", c.is, c.least, got)
		}
	}
}
