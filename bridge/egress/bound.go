package egress

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// BoundField is a header field that holds a secret. It is sent by https alone and
// to the hosts that the secret is bound to, whatever a redirect says: on the way
// to any other it is left out. Its value stands in no error and no [Exchange].
type BoundField struct {
	Name  string
	Value string
	Hosts []string // in the form of permissions.NormalizeHost
}

// goesTo reports whether the field may be sent to t.
func (b BoundField) goesTo(t *target) bool {
	return t.url.Scheme == "https" && slices.Contains(b.Hosts, t.host)
}

// checkBound checks the bound fields of a request: its first host must be one of
// theirs. The error is an *Error.
func (f *fetch) checkBound(to *target, header http.Header) error {
	size := 0
	for _, b := range f.bound {
		size += len(b.Name) + len(b.Value)
		switch name := clip(b.Name); {
		case !httpguts.ValidHeaderFieldName(b.Name):
			return fail(Invalid, "", nil, "header name %q is not valid", name)
		case belongsToHost(strings.ToLower(b.Name)):
			return fail(Invalid, "", nil, "header %s is the host's own: no secret is sent in it", name)
		case len(header.Values(b.Name)) > 0:
			return fail(Invalid, "", nil, "header %s is there twice, once with a secret", name)
		case !httpguts.ValidHeaderFieldValue(b.Value):
			return fail(Invalid, "", nil, "the secret in header %s holds a control character: it cannot be sent", name)
		case size > f.limits.MaxHeader:
			return fail(Exhausted, "", nil, "request header is larger than %d bytes", f.limits.MaxHeader)
		case to.url.Scheme != "https":
			return fail(Denied, to.host, nil, "secrets are sent by https alone, not to %s by %s", to.host, to.url.Scheme)
		case !b.goesTo(to):
			return fail(Denied, to.host, nil, "the secret in header %s is not bound to %s", name, to.host)
		}
	}
	return nil
}

// withBound returns the header of a hop with the bound fields that may go there.
// The hop's own header never holds one, so that no redirect can carry it on.
func (f *fetch) withBound(h *hop) http.Header {
	header := h.header
	for i, b := range f.bound {
		if i == 0 {
			header = maps.Clone(header)
		}
		if b.goesTo(h.to) {
			header.Set(b.Name, b.Value)
		}
	}
	return header
}
