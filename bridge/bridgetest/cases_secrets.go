package bridgetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/secrets"
)

// audited checks the whole audit, as "action target".
func audited(want ...string) func(f *Fixture) error {
	return func(f *Fixture) error {
		if got := f.Audit.Lines(); !slices.Equal(got, want) {
			return fmt.Errorf("the audit is %q, want %q", got, want)
		}
		return nil
	}
}

// secret prepares one without a call, which would be in the audit.
func secret(name, value string) func(f *Fixture) {
	return func(f *Fixture) {
		o := secrets.Owner{Org: Org, Extension: Extension}
		must(f.Secrets.Set(context.Background(), o, name, secrets.NewValue(value)))
	}
}

func secretsCases() []Case {
	auditDown := func(f *Fixture) {
		secret("api_key", "s3cret-value")(f)
		f.Audit.Err = errors.New("audit: disk full")
	}
	return []Case{
		{Method: "secrets.get", Rule: "a secret is read, and the read is audited", Prepare: secret("api_key", `s3"cret`), Args: `{"name":"api_key"}`, Want: `"s3\"cret"`, After: audited("secret.read api_key")},
		{Method: "secrets.get", Rule: "an absent secret is undefined, and its read is audited", Args: `{"name":"API.KEY-1"}`, After: audited("secret.read API.KEY-1")},
		{Method: "secrets.get", Rule: "without the audit nothing is read", Prepare: auditDown, Args: `{"name":"api_key"}`, Code: sandbox.Unavailable, Text: "the audit is not available"},
		{Method: "secrets.get", Rule: "a bad name is refused and not audited", Args: `{"name":"a b"}`, Code: sandbox.Invalid, Text: "Secret name must only contain", After: audited()},
		{Method: "secrets.get", Rule: "an empty name is refused", Args: `{"name":""}`, Code: sandbox.Invalid, Text: "Secret name must be a non-empty string"},
		{Method: "secrets.get", Rule: "a name of 129 characters is refused", Args: `{"name":"` + strings.Repeat("n", 129) + `"}`, Code: sandbox.Invalid, Text: "Secret name too long: max 128 characters"},
		{Method: "secrets.get", Rule: "writing is not reading", Config: Config{Granted: []permissions.Permission{permissions.SecretsWrite}}, Args: `{"name":"api_key"}`, Code: sandbox.Denied, Text: "Permission denied: secrets:read not granted to extension acme.notes"},
		{Method: "secrets.get", Rule: "a record that was tampered with is a fault of the host", Prepare: func(f *Fixture) { f.Secrets.Err = secrets.ErrTampered }, Args: `{"name":"api_key"}`, Code: sandbox.Internal, Text: "internal error (call inv-1/1)"},
		{
			Method: "secrets.get", Rule: "a secret that was read is blanked out in the log", Prepare: secret("api_key", "s3cret-value"),
			Args: `{"name":"api_key"}`, Want: `"s3cret-value"`, After: func(f *Fixture) error {
				must(f.Call("log.info", `{"message":"using s3cret-value","fields":{"header":"Bearer s3cret-value","s3cret-value":1}}`))
				return logged(bridge.LogLine{Time: Now, Level: bridge.Info, Message: "using [REDACTED]", Fields: []byte(`{"header":"Bearer [REDACTED]","[REDACTED]":1}`)})(f)
			},
		},

		{Method: "secrets.set", Rule: "a secret is stored for this extension and organization, and the write is audited", Args: `{"name":"api_key","value":"s3cret"}`, After: func(f *Fixture) error {
			if got := fmt.Sprint(f.Secrets.Names()); got != "[org-1/acme.notes/api_key]" {
				return fmt.Errorf("secrets are %s", got)
			}
			return audited("secret.write api_key")(f)
		}},
		{Method: "secrets.set", Rule: "without the audit nothing is stored", Prepare: func(f *Fixture) { f.Audit.Err = errors.New("audit: disk full") }, Args: `{"name":"api_key","value":"x"}`, Code: sandbox.Unavailable, After: func(f *Fixture) error {
			if n := len(f.Secrets.Names()); n > 0 {
				return fmt.Errorf("%d secrets were stored", n)
			}
			return nil
		}},
		{Method: "secrets.set", Rule: "a value is a string", Args: `{"name":"api_key","value":{}}`, Code: sandbox.Invalid, Text: "secrets.set: value: want a string, got an object", After: audited()},
		{Method: "secrets.set", Rule: "reading is not writing", Config: Config{Granted: []permissions.Permission{permissions.SecretsRead}}, Args: `{"name":"api_key","value":"x"}`, Code: sandbox.Denied, Text: "secrets:write"},

		{Method: "secrets.delete", Rule: "a secret is removed, and that is audited", Prepare: secret("api_key", "x"), Args: `{"name":"api_key"}`, After: func(f *Fixture) error {
			if n := len(f.Secrets.Names()); n > 0 {
				return fmt.Errorf("%d secrets are left", n)
			}
			return audited("secret.delete api_key")(f)
		}},
		{Method: "secrets.delete", Rule: "removing what is not there is no error", Args: `{"name":"api_key"}`},
		{Method: "secrets.delete", Rule: "reading is not removing", Config: Config{Granted: []permissions.Permission{permissions.SecretsRead}}, Args: `{"name":"api_key"}`, Code: sandbox.Denied, Text: "secrets:write"},
	}
}
