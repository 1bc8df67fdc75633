package runtime

import (
	"context"
	"encoding/json"
	"time"

	"github.com/annexhost/annex/runtime/registry"
)

// OrgLine is a line of an exported organization; one field of it is set. The lines
// come in this order: the head; the publishers' keys; the tokens; then for each
// extension its packages (the files of each, and the package), the extension, and
// its values; the end.
//
// Not in it are the values of secrets, because only this host can open them, but
// their names and hosts are; the audit, which has an export of its own, whose end
// the head names; logs and recordings, which are kept for a while only; and what
// was uninstalled.
type OrgLine struct {
	Head      *OrgHead        `json:"org,omitempty"`
	Publisher *OrgPublisher   `json:"publisher,omitempty"`
	Token     json.RawMessage `json:"token,omitempty"` // see Credentials
	File      *OrgFile        `json:"file,omitempty"`
	Package   string          `json:"package,omitempty"` // the digest of the files before
	Extension *OrgExtension   `json:"extension,omitempty"`
	Value     *OrgValue       `json:"value,omitempty"`
	End       *OrgEnd         `json:"end,omitempty"`
}

// OrgHead begins an export.
type OrgHead struct {
	Format int       `json:"format"`
	Org    string    `json:"org"`
	Time   time.Time `json:"time"`
	Audit  string    `json:"audit"` // number and MAC of the last entry of its audit
}

// OrgPublisher is the key that the organization has seen a publisher sign with.
type OrgPublisher struct {
	Publisher string                `json:"publisher"`
	Key       registry.PublisherKey `json:"key"`
}

// OrgFile is a file of the package that comes.
type OrgFile struct {
	Path string `json:"path"`
	Data []byte `json:"data"`
}

// OrgExtension is an installation, with the versions that it can return to.
type OrgExtension struct {
	Installation registry.Installation `json:"installation"`
	Versions     []registry.Version    `json:"versions"`
	Secrets      []OrgSecret           `json:"secrets,omitempty"`
}

// OrgSecret is what is exported of a secret.
type OrgSecret struct {
	Extension string   `json:"extension"`
	Name      string   `json:"name"`
	Hosts     []string `json:"hosts,omitempty"` // that it is bound to
}

// OrgValue is what an extension has stored under a key.
type OrgValue struct {
	Extension string          `json:"extension"`
	Key       string          `json:"key"`
	Value     json.RawMessage `json:"value"`
	Expires   time.Time       `json:"expires,omitzero"`
}

// OrgEnd ends an export.
type OrgEnd struct {
	Lines int `json:"lines"` // how many came before
}

const (
	orgFormat  = 2
	maxOrgLine = 24 << 20 // a WebAssembly module in base64
)

// Credentials are what lets callers of an organization in. They leave it without
// what would let somebody in: the hashes of tokens, not their values.
type Credentials interface {
	// Export gives each of an organization to line, as JSON.
	Export(ctx context.Context, org string, line func(json.RawMessage) error) error

	// Import makes one of what Export gave. It is false for one that lets callers
	// in here already, or has expired, and an error for what Export never gives.
	Import(ctx context.Context, org string, line json.RawMessage) (bool, error)
}
