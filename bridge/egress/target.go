package egress

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/annexhost/annex/permissions"
)

const maxURL = 16 << 10 // bytes

// target is a URL that may be asked for, as far as its text tells.
type target struct {
	url  *url.URL // built from parsed parts: what is sent and what is reported
	host string   // the ASCII name: what is granted, dialled and verified
}

// parseTarget reads a URL. The error is an *Error.
func (g *Gateway) parseTarget(raw string) (*target, error) {
	if len(raw) > maxURL {
		return nil, fail(Invalid, "", nil, "URL has %d bytes, at most %d are sent", len(raw), maxURL)
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fail(Invalid, "", nil, "URL cannot be parsed: %s", parseReason(err))
	}
	return g.target(u)
}

// parseReason is why a URL did not parse, up to the part of the URL that it
// quotes: that can hold what does not belong into a message.
func parseReason(err error) string {
	var e *url.Error
	if errors.As(err, &e) {
		err = e.Err
	}
	reason, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "net/url: "), `"`)
	return strings.TrimSpace(reason)
}

// target checks a parsed URL. The error is an *Error.
func (g *Gateway) target(u *url.URL) (*target, error) {
	standard := 0
	switch u.Scheme {
	case "https":
		standard = 443
	case "http":
		standard = 80
	case "":
		return nil, fail(Invalid, "", nil, "URL has no scheme: expected https://HOST/PATH")
	default:
		return nil, fail(Invalid, "", nil, "URL scheme %q is not supported: use https or http", clip(u.Scheme))
	}
	if u.Host == "" { // as in all that is opaque
		return nil, fail(Invalid, "", nil, "URL has no host: expected %s://HOST/PATH", u.Scheme)
	}
	if u.User != nil {
		return nil, fail(Invalid, "", nil, "URL holds a user name or a password: send them in an Authorization header")
	}
	host, err := permissions.NormalizeHost(u.Hostname())
	if err != nil {
		return nil, hostError(err)
	}
	port, err := g.port(u.Port(), standard, host)
	if err != nil {
		return nil, err
	}
	built := &url.URL{
		Scheme: u.Scheme, Host: host,
		Path: u.Path, RawPath: u.RawPath,
		RawQuery: escapeQuery(u.RawQuery), ForceQuery: u.ForceQuery,
	}
	if port != standard {
		built.Host += ":" + strconv.Itoa(port)
	}
	if built.Path == "" {
		built.Path = "/"
	}
	return &target{url: built, host: host}, nil
}

// port reads the port of a URL, which must be open. The error is an *Error.
func (g *Gateway) port(text string, standard int, host string) (int, error) {
	port := standard
	if text != "" {
		var err error
		port, err = strconv.Atoi(text)
		if err != nil || port < 1 || port > 65535 || strconv.Itoa(port) != text {
			return 0, fail(Invalid, host, nil, "port %q of %s is not a number between 1 and 65535", clip(text), host)
		}
	}
	if !slices.Contains(g.ports, port) {
		return 0, fail(Denied, host, nil, "port %d of %s is not open to extensions (open: %s)", port, host, joinPorts(g.ports))
	}
	return port, nil
}

func hostError(err error) *Error {
	var e *permissions.HostError
	if errors.As(err, &e) && e.Address {
		return fail(Denied, e.Host, nil, "%v: extensions reach hosts by name", err)
	}
	return fail(Invalid, "", nil, "%v", err)
}

func joinPorts(ports []int) string {
	var b strings.Builder
	for i, p := range ports {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(p))
	}
	return b.String()
}

// escapeQuery percent-encodes what url.Parse leaves as it is in a query and
// what would end the target of the request line early.
func escapeQuery(q string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(q); i++ {
		switch c := q[i]; {
		case c <= ' ', c >= 0x7f, c == '"', c == '<', c == '>':
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// sameOrigin reports whether a and b agree in scheme, host and port.
func sameOrigin(a, b *target) bool {
	return a.url.Scheme == b.url.Scheme && a.url.Host == b.url.Host
}

// Redacted returns a URL for a log: without user information, query and
// fragment. What cannot be parsed becomes a placeholder.
func Redacted(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return "(not a URL)"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}
