package admin

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/signing"
	"github.com/annexhost/annex/runtime/standard"
)

// signer makes packages of acme.s with keys of a directory.
type signer struct {
	t   *testing.T
	dir string
}

func newSigner(t *testing.T, ids ...string) signer {
	t.Helper()
	s := signer{t, filepath.Join(t.TempDir(), "keys")}
	for _, id := range ids {
		if _, err := signing.Create(s.dir, id, "acme", time.Now(), time.Now().AddDate(1, 0, 0)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// archive is a version, signed with a key unless that is empty, as it is sent.
func (s signer) archive(version, permissions, key string) string {
	s.t.Helper()
	m := strings.NewReplacer(`"acme.x"`, `"acme.s"`, `"1.0.0"`, `"`+version+`"`, `"storage:database", "secrets:read"`, permissions).Replace(testManifest)
	files := map[string][]byte{"extension.json": []byte(m), "LICENSE": []byte("MIT"), "h.js": []byte("export default () => '" + version + "'")}
	if key != "" {
		p, err := pack.FromFiles(files, pack.Options{})
		if err != nil {
			s.t.Fatal(err)
		}
		private, err := signing.PrivateKey(s.dir, key)
		if err != nil {
			s.t.Fatal(err)
		}
		files[signing.File] = signing.Sign(p, key, private)
	}
	data, err := pack.Write(files, pack.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(data)
}

// server is a server of a host that trusts the keys.
func (s signer) server() *Server {
	s.t.Helper()
	host, err := standard.OpenMemory(s.t.Context(), standard.Options{
		Trust: runtime.Trust{Ring: func() (*signing.Ring, error) { return signing.OpenRing(s.dir) }},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = host.Close(s.t.Context()) })
	if _, err := host.State.Registry.CreateOrg(s.t.Context(), "acme", "test", time.Now()); err != nil {
		s.t.Fatal(err)
	}
	server, err := New(configOf(host))
	if err != nil {
		s.t.Fatal(err)
	}
	return server
}

// The plan tells who signed a package, and a change of key is refused until it is
// accepted by its id: by an install and by an update alike.
func TestSignatureAndAcceptKey(t *testing.T) {
	s := newSigner(t, "acme-1", "acme-2", "acme-3")
	server := s.server()
	const database = `"storage:database"`
	granted := `"granted":{"server":["storage:database"],"public":true},`
	for _, step := range []struct {
		what, path, version, asks, key, more string
		status                               int
		want                                 []string
	}{
		{"a plan of the first", "/orgs/acme/plans", "1.0.0", database, "acme-1", "", 200,
			[]string{`"tier":"community"`, `"keyId":"acme-1"`, `"first":true`, `"changed":false`}},
		{"of one without", "/orgs/acme/plans", "1.0.0", database, "", "", 200, []string{`"tier":"sideloaded"`, `"first":false`, `"changed":false`}},
		{"the first is pinned", "/orgs/acme/extensions", "1.0.0", database, "acme-1", granted, 201, []string{`"version":"1.0.0"`}},
		{"another key is shown", "/orgs/acme/plans", "1.1.0", database, "acme-2", "", 200,
			[]string{`"keyId":"acme-2"`, `"pinnedKeyId":"acme-1"`, `"first":false`, `"changed":true`}},
		{"and refused to an install", "/orgs/acme/extensions", "1.1.0", database, "acme-2", granted, 403, []string{"signed with the key acme-2", "were signed with acme-1"}},
		{"and to an update", "/orgs/acme/updates", "1.1.0", database, "acme-2", "", 403, []string{"--accept-key acme-2 accepts the change"}},
		{"another id accepts nothing", "/orgs/acme/updates", "1.1.0", database, "acme-2", `"acceptKey":"acme-1",`, 403, []string{"signed with the key acme-2"}},
		{"nor does none", "/orgs/acme/updates", "1.1.0", database, "acme-2", `"acceptKey":"none",`, 403, nil},
		{"its own id does", "/orgs/acme/updates", "1.1.0", database, "acme-2", `"acceptKey":"acme-2",`, 200, []string{`"state":"updated"`, `"version":"1.1.0"`}},
		{"it is pinned then", "/orgs/acme/plans", "1.2.0", database, "acme-2", "", 200, []string{`"pinnedKeyId":"acme-2"`, `"changed":false`}},
		{"and the old one a change", "/orgs/acme/updates", "1.2.0", database, "acme-1", "", 403, []string{"were signed with acme-2"}},
		{"a stripped signature", "/orgs/acme/updates", "1.2.0", database, "", "", 403, []string{"is not signed", "--accept-key none"}},
		{"the pinned key's id does not accept that", "/orgs/acme/updates", "1.2.0", database, "", `"acceptKey":"acme-2",`, 403, nil},
		{"an update that waits needs it too", "/orgs/acme/updates", "1.2.0", database + `, "secrets:read"`, "acme-3", "", 403, nil},
		{"and waits with it", "/orgs/acme/updates", "1.2.0", database + `, "secrets:read"`, "acme-3", `"acceptKey":"acme-3",`, 200, []string{`"state":"pending"`, `"version":"1.1.0"`}},
		{"none accepts that nobody signs", "/orgs/acme/extensions", "1.3.0", database, "", granted + `"acceptKey":"none",`, 201, []string{`"version":"1.3.0"`}},
		{"and whoever signs next is first", "/orgs/acme/plans", "1.4.0", database, "acme-1", "", 200, []string{`"first":true`, `"changed":false`}},
	} {
		body := fmt.Sprintf(`{%s"package":%q}`, step.more, s.archive(step.version, step.asks, step.key))
		status, text := askServer(t, server, "operator", "POST", step.path, body)
		for _, want := range step.want {
			if !strings.Contains(text, want) && !strings.Contains(unescaped(text), want) {
				t.Errorf("%s: no %s in %s", step.what, want, text)
			}
		}
		if status != step.status {
			t.Errorf("%s: %d, want %d: %s", step.what, status, step.status, text)
		}
	}
}

// unescaped is the message of an error.
func unescaped(text string) string {
	var e struct {
		Message string `json:"message"`
	}
	_ = json.Unmarshal([]byte(text), &e) // what is none has no message
	return e.Message
}

// A key that is revoked, or that nobody here knows, is refused before anything
// is kept of the package.
func TestRefusedKeys(t *testing.T) {
	s, strangers := newSigner(t, "acme-1", "acme-2"), newSigner(t, "acme-9")
	server := s.server()
	if err := signing.Revoke(s.dir, "acme-1", "laptop stolen", time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ archive, want string }{
		{s.archive("1.0.0", "", "acme-1"), "signing key acme-1 was revoked"},
		{strangers.archive("1.0.0", "", "acme-9"), "acme-9, which is not known here"},
	} {
		for _, path := range []string{"/orgs/acme/plans", "/orgs/acme/extensions", "/orgs/acme/updates"} {
			status, text := askServer(t, server, "operator", "POST", path, fmt.Sprintf(`{"package":%q}`, c.archive))
			if status != 403 || !strings.Contains(text, c.want) {
				t.Errorf("%s: %d %s, want %s", path, status, text, c.want)
			}
		}
	}
	if left, err := server.cfg.Store.Scan(t.Context(), "reg/pkg/", "", 10); err != nil || len(left) > 0 {
		t.Errorf("kept: %v, %v", left, err)
	}
}
