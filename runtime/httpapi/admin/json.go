package admin

import (
	"bytes"
	"encoding/json"
	"io"
)

// encodeJSON writes v on one line. What HTML would read as more than text stays
// as it is: values of extensions pass through unchanged, and an answer of JSON
// is no page.
func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return b.Bytes(), err
}

// decodeJSON is strict: what nobody reads was meant to do something.
func decodeJSON(r io.Reader, into any) error {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errTrailing
	}
	return nil
}
