package js

import (
	"strings"

	"github.com/dop251/goja"
	whatwg "github.com/nlnwa/whatwg-url/url"
)

// Limits of an address. The parser is quadratic in what is before the query and
// in the number of @ there, and nothing can interrupt it: at these limits it
// takes at most a fraction of a second.
const (
	maxURL       = 1 << 20
	maxURLBefore = 16 << 10
	maxURLAts    = 100
)

// addURLNatives adds the natives of URL and URLSearchParams.
func (r *realm) addURLNatives(add func(string, func(goja.FunctionCall) goja.Value)) {
	add("parse", r.parseURL)
	add("change", r.changeURL)
	add("parseQuery", func(fc goja.FunctionCall) goja.Value {
		var pairs []any
		for _, pair := range parseQuery(fc.Argument(0).String()) {
			pairs = append(pairs, r.vm.NewArray(pair[0], pair[1]))
		}
		return r.vm.NewArray(pairs...)
	})
	add("formatQuery", func(fc goja.FunctionCall) goja.Value {
		return r.vm.ToValue(formatQuery(r.pairs(fc.Argument(0))))
	})
}

// parseURL returns the parts of an address, or undefined if it is none.
func (r *realm) parseURL(fc goja.FunctionCall) goja.Value {
	address, base := fc.Argument(0).String(), fc.Argument(1)
	var u *whatwg.Url
	var err error
	switch {
	case tooLongURL(address):
		return goja.Undefined()
	case goja.IsUndefined(base):
		u, err = whatwg.Parse(address)
	case tooLongURL(base.String()):
		return goja.Undefined()
	default:
		u, err = whatwg.ParseRef(base.String(), address)
	}
	if err != nil {
		return goja.Undefined()
	}
	return r.urlParts(u)
}

func tooLongURL(address string) bool {
	if len(address) > maxURL {
		return true
	}
	before := address
	if i := strings.IndexAny(address, "?#"); i >= 0 {
		before = address[:i]
	}
	if strings.HasPrefix(before, "data:") {
		return false
	}
	return len(before) > maxURLBefore || strings.Count(before, "@") > maxURLAts
}

// changeURL sets a part of an address and returns the parts, or undefined if it
// would be too long. A value that does not fit is ignored, as the standard says.
func (r *realm) changeURL(fc goja.FunctionCall) goja.Value {
	u, err := whatwg.Parse(fc.Argument(0).String())
	part, value := fc.Argument(1).String(), fc.Argument(2).String()
	isLong := len(value) > maxURLBefore || strings.Count(value, "@") > maxURLAts
	if err != nil || len(value) > maxURL || isLong && part != "search" && part != "hash" {
		return goja.Undefined()
	}
	setURLPart(u, part, value)
	return r.urlParts(u)
}

func setURLPart(u *whatwg.Url, part, value string) {
	switch part {
	case "protocol":
		u.SetProtocol(value)
	case "username":
		u.SetUsername(value)
	case "password":
		u.SetPassword(value)
	case "host":
		u.SetHost(value)
	case "hostname":
		u.SetHostname(value)
	case "port":
		u.SetPort(value)
	case "pathname":
		u.SetPathname(value)
	case "search":
		u.SetSearch(value)
	case "hash":
		u.SetHash(value)
	}
}

func (r *realm) urlParts(u *whatwg.Url) goja.Value {
	parts := r.vm.CreateObject(nil)
	for _, part := range [...]struct{ name, value string }{
		{"href", u.Href(false)}, {"origin", originOf(u)}, {"protocol", u.Protocol()},
		{"username", u.Username()}, {"password", u.Password()},
		{"host", u.Host()}, {"hostname", u.Hostname()}, {"port", u.Port()},
		{"pathname", u.Pathname()}, {"search", u.Search()}, {"hash", u.Hash()},
	} {
		_ = parts.Set(part.name, part.value)
	}
	return parts
}

// originOf is the origin of an address, "null" for what has none.
func originOf(u *whatwg.Url) string {
	switch u.Scheme() {
	case "http", "https", "ws", "wss", "ftp":
		return u.Protocol() + "//" + u.Host()
	case "blob":
		if inner, err := whatwg.Parse(u.Pathname()); err == nil && strings.HasPrefix(inner.Scheme(), "http") {
			return originOf(inner)
		}
	}
	return "null"
}

// pairs reads an array of pairs that the prelude made.
func (r *realm) pairs(v goja.Value) [][2]string {
	list, _ := v.(*goja.Object)
	if list == nil {
		return nil
	}
	var pairs [][2]string
	r.vm.ForOf(list, func(item goja.Value) bool {
		pair := item.(*goja.Object)
		pairs = append(pairs, [2]string{pair.Get("0").String(), pair.Get("1").String()})
		return true
	})
	return pairs
}

// parseQuery reads application/x-www-form-urlencoded.
func parseQuery(query string) [][2]string {
	var pairs [][2]string
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		pairs = append(pairs, [2]string{unescapeQuery(name), unescapeQuery(value)})
	}
	return pairs
}

func unescapeQuery(s string) string {
	raw := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			raw = append(raw, ' ')
		case s[i] == '%' && i+2 < len(s):
			high, low := hexDigit(s[i+1]), hexDigit(s[i+2])
			if high < 0 || low < 0 {
				raw = append(raw, '%')
				continue
			}
			raw = append(raw, byte(high<<4|low))
			i += 2
		default:
			raw = append(raw, s[i])
		}
	}
	text, _, _ := decodeText(encodingUTF8, raw, false)
	return text
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// formatQuery writes application/x-www-form-urlencoded.
func formatQuery(pairs [][2]string) string {
	var b strings.Builder
	for i, pair := range pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		escapeQuery(&b, pair[0])
		b.WriteByte('=')
		escapeQuery(&b, pair[1])
	}
	return b.String()
}

func escapeQuery(b *strings.Builder, s string) {
	const hex = "0123456789ABCDEF"
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ' ':
			b.WriteByte('+')
		case '0' <= c && c <= '9', 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', c == '*', c == '-', c == '.', c == '_':
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
}
