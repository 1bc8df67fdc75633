package bridge

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/annexhost/annex/bridge/egress"
)

// Every spelling here is how some server or library echoes a header or logs it.
func TestSpellingsOfASecret(t *testing.T) {
	const secret = `pä/ß+<s>"=&`
	for by, spelling := range map[string]string{
		"itself":             secret,
		"JSON":               `pä/ß+<s>\"=&`,
		"Go's JSON":          `pä/ß+\u003cs\u003e\"=\u0026`,
		"Python's JSON":      `p\u00e4/\u00df+<s>\"=&`,
		"PHP's JSON":         `p\u00e4\/\u00df+<s>\"=&`,
		"a header":           "p\u00c3\u00a4/\u00c3\u009f+<s>\"=&",
		"HTML":               `pä/ß+&lt;s&gt;&#34;=&amp;`,
		"a query":            `p%C3%A4%2F%C3%9F%2B%3Cs%3E%22%3D%26`,
		"a query of .NET":    `p%c3%a4%2f%c3%9f%2b%3cs%3e%22%3d%26`,
		"base64":             base64.StdEncoding.EncodeToString([]byte(secret)),
		"base64 unpadded":    base64.RawStdEncoding.EncodeToString([]byte(secret)),
		"base64 of URLs":     base64.URLEncoding.EncodeToString([]byte(secret)),
		"hexadecimal":        hex.EncodeToString([]byte(secret)),
		"hexadecimal, upper": strings.ToUpper(hex.EncodeToString([]byte(secret))),
	} {
		answer := &egress.Response{StatusText: spelling, Header: [][2]string{{"a", spelling}}, Body: []byte("(" + spelling + ")"), URL: spelling}
		(&sealedFields{used: map[string]useOf{"s": {value: secret}}}).blank(answer)
		if string(answer.Body) != "("+redacted+")" || answer.Header[0][1] != redacted || answer.URL != redacted || answer.StatusText != redacted {
			t.Errorf("by %s: %q is left of %q", by, answer.Body, spelling)
		}
	}
	if got := Redact("plain text", secret); got != "plain text" {
		t.Errorf("another text became %q", got)
	}
}
