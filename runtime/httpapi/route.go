package httpapi

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/annexhost/annex/runtime/sandbox"
)

// maxPath is the longest escaped path that is looked at, in bytes.
const maxPath = 2048

// maxName is the longest extension name or door token, in bytes.
const maxName = 128

// door is the part of the surface that a path leads to.
type door int

const (
	doorNone      door = iota // there is nothing
	doorHealth                // /healthz
	doorReady                 // /readyz
	doorExtension             // /extensions/<name>/<rest>
	doorPublic                // /public/<token>/<rest>
)

// target is where a path leads.
type target struct {
	door door
	name string // of the extension, or the token, as sent
	rest string // still escaped, without its leading slash
}

// parseTarget reads an escaped path. The path is never cleaned: what others
// might clean or read in another way is refused. The fixed parts, names and tokens are compared as sent, since
// none of their characters need escapes. rest is for the host, which decodes it
// segment by segment, so that an escaped slash stays inside its segment.
func parseTarget(path string) (target, error) {
	if err := checkPath(path); err != nil {
		return target{}, err
	}
	if path == "/healthz" {
		return target{door: doorHealth}, nil
	}
	if path == "/readyz" {
		return target{door: doorReady}, nil
	}
	t := target{door: doorExtension}
	tail, ok := strings.CutPrefix(path, "/extensions/")
	if !ok {
		t.door = doorPublic
		if tail, ok = strings.CutPrefix(path, "/public/"); !ok {
			return target{}, nil
		}
	}
	t.name, t.rest, _ = strings.Cut(tail, "/")
	if !isName(t.name) {
		return target{}, nil
	}
	return t, nil
}

// isName reports whether s can name an extension or a door.
func isName(s string) bool {
	if s == "" || len(s) > maxName {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !isAlphanumeric(c) && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// checkPath refuses a path that not everybody would read alike.
func checkPath(path string) error {
	if len(path) > maxPath {
		return invalidPath("is longer than 2048 bytes")
	}
	if !strings.HasPrefix(path, "/") {
		return invalidPath("does not start with a slash")
	}
	rest, more := path[1:], true
	for more {
		var segment string
		segment, rest, more = strings.Cut(rest, "/")
		if segment == "" && more {
			return invalidPath("has an empty segment")
		}
		if err := checkSegment(segment); err != nil {
			return err
		}
	}
	return nil
}

// checkSegment refuses a segment that does not decode, or decodes to something
// that is no name: control characters, broken UTF-8, or dots that climb.
func checkSegment(segment string) error {
	decoded := segment
	if strings.IndexByte(segment, '%') >= 0 {
		var err error
		if decoded, err = url.PathUnescape(segment); err != nil {
			return invalidPath("has an invalid escape")
		}
	}
	if !utf8.ValidString(decoded) {
		return invalidPath("is not UTF-8")
	}
	part := 0 // where the part between slashes begins
	for i := 0; i <= len(decoded); i++ {
		if i < len(decoded) && decoded[i] != '/' && decoded[i] != '\\' {
			if decoded[i] < ' ' || decoded[i] == 0x7f {
				return invalidPath("has a control character")
			}
			continue
		}
		if name := decoded[part:i]; name == "." || name == ".." {
			return invalidPath("has a dot segment")
		}
		part = i + 1
	}
	return nil
}

func invalidPath(what string) error {
	return &sandbox.Error{Code: sandbox.Invalid, Message: "The path " + what}
}
