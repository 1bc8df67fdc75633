package egress

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/http/httpguts"
)

// FuzzAnswer has a hostile server say anything: what is handed on is text
// without line breaks, within the limit, and nothing about the connection.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nX: \xe9\r\n\r\nuntil the end",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\n",
		"HTTP/1.0 302 a\x01b\r\nLocation: //x\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08",
		"HTTP/1.1 101 Switching Protocols\r\n\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(data)), nil)
		if err != nil {
			return
		}
		defer resp.Body.Close()
		const limit = 1 << 10
		body, _, decoded, err := readBody(resp, limit)
		if len(body) > limit {
			t.Fatalf("%d bytes", len(body))
		}
		if err != nil {
			return
		}
		if text := reasonPhrase(resp); strings.ContainsAny(text, "\r\n\x00") || !utf8.ValidString(text) {
			t.Fatalf("reason %q", text)
		}
		fields, _ := answerHeader(resp.Header, decoded)
		for _, field := range fields {
			name, value := field[0], field[1]
			if name != strings.ToLower(name) || !httpguts.ValidHeaderFieldName(name) || aboutConnection(name) {
				t.Fatalf("name %q", name)
			}
			if strings.ContainsAny(value, "\r\n\x00") || !utf8.ValidString(value) {
				t.Fatalf("%s: value %q", name, value)
			}
			if decoded && (name == "content-encoding" || name == "content-length") {
				t.Fatalf("%s of a body that was decoded", name)
			}
		}
	})
}
