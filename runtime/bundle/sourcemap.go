package bundle

import (
	"encoding/json"
	"fmt"
	"strings"
)

// authorsMap makes the map speak of the author's files: their names in the
// package and their own text.
func authorsMap(f *files, data []byte) ([]byte, error) {
	var m struct {
		Version        int      `json:"version"`
		Sources        []string `json:"sources"`
		SourcesContent []string `json:"sourcesContent"`
		Mappings       string   `json:"mappings"`
		Names          []string `json:"names"`
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("bundle: cannot read esbuild's source map: %w", err)
	}
	m.SourcesContent = make([]string, len(m.Sources))
	for i, name := range m.Sources {
		m.Sources[i] = strings.TrimPrefix(name, space+":")
		text, _ := f.read(m.Sources[i])
		m.SourcesContent[i] = string(text)
	}
	if m.Names == nil {
		m.Names = []string{}
	}
	return json.Marshal(m)
}
