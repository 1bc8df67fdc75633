package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// mapping is the value of "exports" or "imports" in a package.json: a file, a
// list of which the first that fits counts, or an object whose keys are paths or
// conditions. The order of the keys matters.
type mapping struct {
	kind mappingKind
	file string
	keys []string // of an object, in their order
	vals []*mapping
}

type mappingKind uint8

const (
	nothing mappingKind = iota // null: deliberately not there
	aFile
	aList
	anObject
)

// maxMapping is how deeply conditions can be nested in each other.
const maxMapping = 16

// UnmarshalJSON keeps the order of keys.
func (m *mapping) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	read, err := readMapping(d, 0)
	if err != nil {
		return err
	}
	*m = *read
	return nil
}

func readMapping(d *json.Decoder, depth int) (*mapping, error) {
	if depth > maxMapping {
		return nil, errors.New("conditions are nested too deeply")
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case string:
		return &mapping{kind: aFile, file: token}, nil
	case json.Delim:
		return readContainer(d, token, depth)
	case nil, bool:
		return &mapping{}, nil
	default:
		return nil, fmt.Errorf("%v is not a file", token)
	}
}

func readContainer(d *json.Decoder, open json.Delim, depth int) (*mapping, error) {
	m := &mapping{kind: aList}
	if open == '{' {
		m.kind = anObject
	}
	for d.More() {
		if m.kind == anObject {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			m.keys = append(m.keys, key.(string))
		}
		value, err := readMapping(d, depth+1)
		if err != nil {
			return nil, err
		}
		m.vals = append(m.vals, value)
	}
	_, err := d.Token()
	return m, err
}

// lookup returns the file that the key means ("./path", "." or "#name").
func (m *mapping) lookup(key string, conditions map[string]bool) (string, bool) {
	if !m.hasPaths() {
		if key != "." {
			return "", false
		}
		return m.choose(conditions, "")
	}
	best, star := -1, ""
	for i, k := range m.keys {
		if k == key {
			return m.vals[i].choose(conditions, "")
		}
		if part, ok := covers(k, key); ok && (best < 0 || len(k) > len(m.keys[best])) {
			best, star = i, part
		}
	}
	if best < 0 {
		return "", false
	}
	return m.vals[best].choose(conditions, star)
}

// hasPaths tells an object of paths from one of conditions.
func (m *mapping) hasPaths() bool {
	return m.kind == anObject && len(m.keys) > 0 && (strings.HasPrefix(m.keys[0], ".") || strings.HasPrefix(m.keys[0], "#"))
}

// covers reports whether a key with a star, or of a directory, covers the path,
// and what stands for the star.
func covers(key, wanted string) (star string, ok bool) {
	if strings.HasSuffix(key, "/") {
		return strings.CutPrefix(wanted, key)
	}
	before, after, found := strings.Cut(key, "*")
	if !found || len(wanted) < len(before)+len(after) || !strings.HasPrefix(wanted, before) || !strings.HasSuffix(wanted, after) {
		return "", false
	}
	return wanted[len(before) : len(wanted)-len(after)], true
}

// choose returns the file for the first condition that holds.
func (m *mapping) choose(conditions map[string]bool, star string) (string, bool) {
	switch m.kind {
	case aFile:
		if strings.HasSuffix(m.file, "/") {
			return m.file + star, true
		}
		return strings.ReplaceAll(m.file, "*", star), true
	case aList:
		for _, value := range m.vals {
			if file, ok := value.choose(conditions, star); ok {
				return file, true
			}
		}
	case anObject:
		for i, key := range m.keys {
			if !conditions[key] {
				continue
			}
			if m.vals[i].kind == nothing {
				return "", false
			}
			if file, ok := m.vals[i].choose(conditions, star); ok {
				return file, true
			}
		}
	}
	return "", false
}
