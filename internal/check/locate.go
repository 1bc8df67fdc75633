package check

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/manifest"
)

// locateJSON returns the line and column of the value at a path such as
// "contributes.apiRoutes.0.method", or of the nearest value around it.
func locateJSON(data []byte, path string) (line, column int) {
	dec := json.NewDecoder(bytes.NewReader(data))
	offset := 0
	if path != "" {
		offset = walkJSON(dec, data, strings.Split(path, "."))
	}
	before := data[:min(offset, len(data))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[start:]) + 1
}

// walkJSON goes down a path and returns where what it reached begins.
func walkJSON(dec *json.Decoder, data []byte, path []string) int {
	begins := begin(dec, data)
	token, err := dec.Token()
	if err != nil || len(path) == 0 {
		return begins
	}
	switch token {
	case json.Delim('{'):
		for dec.More() {
			at := begin(dec, data)
			key, err := dec.Token()
			if err != nil {
				return begins
			}
			if key == path[0] {
				if len(path) == 1 {
					return at
				}
				return walkJSON(dec, data, path[1:])
			}
			if skipJSON(dec) != nil {
				return begins
			}
		}
	case json.Delim('['):
		want, err := strconv.Atoi(path[0])
		for i := 0; err == nil && dec.More(); i++ {
			if i == want {
				return walkJSON(dec, data, path[1:])
			}
			if skipJSON(dec) != nil {
				return begins
			}
		}
	}
	return begins
}

// begin is where the next token begins.
func begin(dec *json.Decoder, data []byte) int {
	at := int(dec.InputOffset())
	for at < len(data) && strings.IndexByte(" \t\r\n,:", data[at]) >= 0 {
		at++
	}
	return at
}

func skipJSON(dec *json.Decoder) error {
	var value json.RawMessage
	return dec.Decode(&value)
}

// manifestPlace is the place of a value in the manifest.
func (c *checker) manifestPlace(path string) place {
	data, err := c.raw()
	if err != nil {
		return place{File: manifest.File}
	}
	line, column := locateJSON(data, path)
	if root, first := locateJSON(data, ""); path == "" || line == root && column == first {
		return place{File: manifest.File} // about the whole, or about what is missing
	}
	return place{manifest.File, line, column}
}

// permissionPlace is where a permission is declared.
func (c *checker) permissionPlace(side permissions.Side, p permissions.Permission) place {
	data, err := c.raw()
	var m struct {
		Permissions map[string][]string `json:"permissions"`
	}
	if err == nil && json.Unmarshal(data, &m) == nil {
		for i, text := range m.Permissions[string(side)] {
			if parsed, err := permissions.Parse(side, text, permissions.Policy{}); err == nil && parsed == p {
				return c.manifestPlace("permissions." + string(side) + "." + strconv.Itoa(i))
			}
		}
	}
	return c.manifestPlace("permissions." + string(side))
}
