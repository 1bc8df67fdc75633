package bridge

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/annexhost/annex/bridge/egress"
	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/secrets"
)

// fetchAuth asks for an Authorization field with a secret in it.
type fetchAuth struct {
	Secret string `json:"secret" doc:"The name of a secret that is bound to the host."`
	Scheme string `json:"scheme,omitempty" doc:"Bearer (without it), Basic for a secret of the form user:password, or another word."`
}

// placeholder stands in a header value for a secret, whose value the extension
// never sees.
var placeholder = regexp.MustCompile(`\{\{secret:([^{}]*)\}\}`)

var authScheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]{0,31}$`)

const placeholderStart = "{{secret:"

// sealedFields are the header fields of one fetch that hold secrets, until they
// are filled in.
type sealedFields struct {
	session *Session
	host    string              // of the address
	used    map[string]useOf    // by name
	fields  []egress.BoundField // filled in
}

// useOf is a secret that a fetch uses.
type useOf struct {
	value string
	hosts []string
}

// seal takes the fields that ask for secrets out of those of a request and fills
// them in. Permission, audit and binding are decided for each secret before its
// value goes anywhere; the answer is passed to blank what was used.
func (s *Session) seal(ctx context.Context, in *httpFetchArgs, host string) (*sealedFields, error) {
	f := &sealedFields{session: s, host: host, used: map[string]useOf{}}
	open := make(Pairs, 0, len(in.Headers))
	for _, field := range in.Headers {
		if !strings.Contains(field[1], placeholderStart) {
			open = append(open, field)
			continue
		}
		if err := f.fill(ctx, field[0], field[1]); err != nil {
			return nil, err
		}
	}
	if in.Auth != (fetchAuth{}) {
		if err := f.authorize(ctx, in.Auth); err != nil {
			return nil, err
		}
	}
	in.Headers = open
	return f, nil
}

// fill replaces the placeholders in the value of one field.
func (f *sealedFields) fill(ctx context.Context, name, template string) error {
	if strings.Contains(placeholder.ReplaceAllString(template, ""), placeholderStart) {
		return &sandbox.Error{Code: sandbox.Invalid, Name: secretsError, Message: fmt.Sprintf("header %s: want {{secret:NAME}}", quoteShort([]byte(name)))}
	}
	value, hosts, failed := "", []string(nil), error(nil)
	value = placeholder.ReplaceAllStringFunc(template, func(match string) string {
		if failed != nil {
			return ""
		}
		u, err := f.use(ctx, placeholder.FindStringSubmatch(match)[1])
		if failed = err; err != nil {
			return ""
		}
		if hosts == nil {
			hosts = u.hosts
		} else {
			hosts = slices.DeleteFunc(slices.Clone(hosts), func(h string) bool { return !slices.Contains(u.hosts, h) })
		}
		return u.value
	})
	if failed != nil {
		return failed
	}
	f.fields = append(f.fields, egress.BoundField{Name: name, Value: value, Hosts: hosts})
	return nil
}

// authorize makes the Authorization field.
func (f *sealedFields) authorize(ctx context.Context, auth fetchAuth) error {
	scheme := auth.Scheme
	if scheme == "" {
		scheme = "Bearer"
	}
	if !authScheme.MatchString(scheme) {
		return &sandbox.Error{Code: sandbox.Invalid, Name: "TypeError", Message: "auth.scheme is not a word such as Bearer"}
	}
	u, err := f.use(ctx, auth.Secret)
	if err != nil {
		return err
	}
	value := u.value
	if strings.EqualFold(scheme, "Basic") {
		value = base64.StdEncoding.EncodeToString([]byte(value))
	}
	f.fields = append(f.fields, egress.BoundField{Name: "Authorization", Value: scheme + " " + value, Hosts: u.hosts})
	return nil
}

// use decides about one secret and returns it.
func (f *sealedFields) use(ctx context.Context, name string) (useOf, error) {
	s := f.session
	if u, ok := f.used[name]; ok {
		return u, nil
	}
	if err := s.allow(permissions.Server, permissions.SecretsUse, ""); err != nil {
		return useOf{}, err
	}
	if err := checkSecretName(name); err != nil {
		return useOf{}, err
	}
	if s.c.Secrets == nil {
		return useOf{}, unavailable("secrets are not available here")
	}
	if err := s.record(ctx, "secret.use", useTarget(name, f.host)); err != nil {
		return useOf{}, err
	}
	bound, err := s.c.Secrets.Use(ctx, secrets.Owner{Org: s.c.Org, Extension: s.c.Extension}, name)
	if errors.Is(err, secrets.ErrNotFound) {
		return useOf{}, &sandbox.Error{Code: sandbox.NotFound, Name: secretsError, Message: "there is no secret " + name}
	}
	if err != nil {
		return useOf{}, err
	}
	if !slices.Contains(bound.Hosts, f.host) {
		s.countDenial(useTarget(name, f.host))
		return useOf{}, &sandbox.Error{
			Code: sandbox.Denied, Name: permissionDenied, Permission: string(permissions.SecretsUse),
			Message: fmt.Sprintf("secret %s is not bound to %s: an admin binds it with secrets set --host %s", name, f.host, f.host),
		}
	}
	u := useOf{string(bound.Value.Reveal()), bound.Hosts}
	if len(u.value) < minRedacted {
		return useOf{}, &sandbox.Error{
			Code: sandbox.Invalid, Name: secretsError,
			Message: fmt.Sprintf("secret %s has fewer than %d bytes: an answer could not be blanked of it", name, minRedacted),
		}
	}
	f.used[name] = u
	s.reveal(u.value)
	return u, nil
}

// useTarget is what the audit says of a secret that is sent somewhere.
func useTarget(name, host string) string { return name + " for " + host }

// recordHop writes to the audit which secrets a redirect takes to another host
// that they are bound to, before it does.
func (f *sealedFields) recordHop(ctx context.Context, host string) error {
	if host == f.host {
		return nil
	}
	for name, u := range f.used {
		if slices.Contains(u.hosts, host) {
			if err := f.session.record(ctx, "secret.use", useTarget(name, host)); err != nil {
				return err
			}
		}
	}
	return nil
}

// blank removes what was sent from an answer, in every spelling: a host that
// echoes its request would otherwise tell the extension what it may not know.
func (f *sealedFields) blank(r *egress.Response) {
	for _, u := range f.used {
		for _, spelling := range spellingsOf(u.value) {
			r.URL = strings.ReplaceAll(r.URL, spelling, redacted)
			r.StatusText = strings.ReplaceAll(r.StatusText, spelling, redacted)
			for i := range r.Header {
				r.Header[i][1] = strings.ReplaceAll(r.Header[i][1], spelling, redacted)
			}
			if bytes.Contains(r.Body, []byte(spelling)) {
				r.Body = bytes.ReplaceAll(r.Body, []byte(spelling), []byte(redacted))
			}
		}
	}
}
