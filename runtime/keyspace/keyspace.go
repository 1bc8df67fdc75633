// Package keyspace is the one table of what every key of a host's store is and whose.
// It is how an erased organization is proven to be gone: a key that is in no family
// of the table proves nothing, and is an error.
package keyspace

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/annexhost/annex/storage"
)

// Host is what an owner is called that is no organization: the host itself, or
// what organizations share (packages, by the hash of their content).
const Host = ""

// family is the keys that start with a prefix, and how their organization is told.
type family struct {
	prefix storage.Key
	org    func(rest string, value []byte) (org string, ok bool)
}

// families is the table. A prefix is in no other one.
var families = []family{
	{"aud/b/", escaped}, {"aud/c/", escaped}, {"aud/e/", escaped}, {"aud/h/", escaped},
	{"exp/", ofIndex},
	{"ext/", first},
	{"identity/org/", first},
	{"identity/token/", inValue},
	{"log/", first},
	{"rec/", first},
	{"reg/blob/", shared}, {"reg/has/", shared}, {"reg/pkg/", shared}, {"reg/use/", shared}, {"reg/writing/", shared},
	{"reg/door/", beforeSlash},
	{"reg/due/", second}, {"reg/pin/", second},
	{"reg/inst/", first}, {"reg/org/", first}, {"reg/publisher/", first}, {"reg/short/", first}, {"reg/ver/", first},
	{"sec/o/", escaped}, {"sec/v/", escaped},
	{"sec/root", shared},
	{"sys/", shared},
}

// Owner returns the organization whose key is, or Host. A key that no family
// knows is an error. value is that of the key; some families need it.
func Owner(key storage.Key, value []byte) (string, error) {
	for _, f := range families {
		rest, ok := strings.CutPrefix(string(key), string(f.prefix))
		if !ok {
			continue
		}
		if org, ok := f.org(rest, value); ok {
			return org, nil
		}
		break
	}
	return "", fmt.Errorf("keyspace: nobody knows whose key %.80q is", key)
}

// NeedsValue reports whether Owner looks at the value of key.
func NeedsValue(key storage.Key) bool {
	return strings.HasPrefix(string(key), "reg/door/") || strings.HasPrefix(string(key), "identity/token/")
}

// Prefixes are those of all keys of an organization that name it first. What else
// is the organization's are indexes of these.
func Prefixes(org string) []storage.Key {
	var all []storage.Key
	for _, f := range families {
		for _, name := range []string{org, url.PathEscape(org)} {
			rest := name + "/"
			if got, ok := f.org(rest+"x", nil); ok && got == org && !contains(all, f.prefix+storage.Key(rest)) && f.prefix != "reg/door/" {
				all = append(all, f.prefix+storage.Key(rest))
			}
		}
	}
	return all
}

func contains(list []storage.Key, key storage.Key) bool {
	for _, k := range list {
		if k == key {
			return true
		}
	}
	return false
}

func shared(string, []byte) (string, bool) { return Host, true }

// first is ORG/… or ORG.
func first(rest string, _ []byte) (string, bool) {
	org, _, _ := strings.Cut(rest, "/")
	return org, org != ""
}

// second is SOMETHING/ORG/….
func second(rest string, _ []byte) (string, bool) {
	_, rest, ok := strings.Cut(rest, "/")
	if !ok {
		return "", false
	}
	return first(rest, nil)
}

// escaped is first, with the organization's name escaped.
func escaped(rest string, _ []byte) (string, bool) {
	name, ok := first(rest, nil)
	org, err := url.PathUnescape(name)
	return org, ok && err == nil
}

// beforeSlash is a value that begins with ORG/.
func beforeSlash(_ string, value []byte) (string, bool) {
	org, _, ok := strings.Cut(string(value), "/")
	return org, ok && org != ""
}

// inValue is a JSON object that names the organization.
func inValue(_ string, value []byte) (string, bool) {
	var v struct {
		Org string `json:"org"`
	}
	return v.Org, json.Unmarshal(value, &v) == nil && v.Org != ""
}

// ofIndex is a key of the index of what expires: TIME (8 bytes), the length of the
// owner's prefix (2), and that prefix, which is in the family ext/.
func ofIndex(rest string, _ []byte) (string, bool) {
	if len(rest) < 10 {
		return "", false
	}
	n := int(binary.BigEndian.Uint16([]byte(rest[8:10])))
	if rest = rest[10:]; n > len(rest) {
		return "", false
	}
	inner, ok := strings.CutPrefix(rest[:n], "ext/")
	if !ok {
		return "", false
	}
	return first(inner, nil)
}

// Families are the prefixes of all kinds of keys.
func Families() []storage.Key {
	all := make([]storage.Key, len(families))
	for i, f := range families {
		all[i] = f.prefix
	}
	return all
}
