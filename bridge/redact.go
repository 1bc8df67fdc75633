package bridge

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	redacted = "[REDACTED]"

	// minRedacted is the length in bytes from which a secret is looked for in
	// other texts. A shorter one would blank out half of every line.
	minRedacted = 6

	// maxRedacted is how many spellings of secrets one invocation looks for.
	maxRedacted = 400
)

// spellingsOf returns a secret in the spellings in which programs pass secrets
// on; none for one that is too short to be looked for.
func spellingsOf(secret string) []string {
	if len(secret) < minRedacted {
		return nil
	}
	raw := []byte(secret)
	all := []string{
		secret,
		latin1(secret),
		html.EscapeString(secret),
		base64.StdEncoding.EncodeToString(raw), base64.RawStdEncoding.EncodeToString(raw),
		base64.URLEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw),
	}
	for _, escaped := range []string{url.QueryEscape(secret), url.PathEscape(secret)} {
		all = append(all, escaped, escapesInLowerCase(escaped))
	}
	digits := hex.EncodeToString(raw)
	all = append(all, digits, strings.ToUpper(digits))
	quoted, _ := json.Marshal(secret) // escapes what HTML would read; a string always can be written
	for _, inner := range []string{string(appendString(nil, secret)), string(quoted)} {
		inner = inner[1 : len(inner)-1]
		for _, text := range []string{inner, inASCII(inner)} {
			all = append(all, text, strings.ReplaceAll(text, "/", `\/`))
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	slices.SortStableFunc(all, func(a, b string) int { return len(b) - len(a) }) // the longest first: one may hold another
	return all
}

// latin1 is a text whose bytes were taken for characters, as in header fields.
func latin1(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

// escapesInLowerCase spells %2F as %2f.
func escapesInLowerCase(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:], bytes.ToLower(b[i+1:i+3]))
		}
	}
	return string(b)
}

// inASCII escapes the other characters of a text that stands in JSON.
func inASCII(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// reveal remembers a secret that the guest knows, or that it may be shown by
// whoever it was sent to.
func (s *Session) reveal(secret string) {
	spellings := spellingsOf(secret)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, spelling := range spellings {
		if len(s.revealed) < maxRedacted && !slices.Contains(s.revealed, spelling) {
			s.revealed = append(s.revealed, spelling)
		}
	}
}

// Redact replaces secrets in text by "[REDACTED]", in the spellings that
// [Session.Redact] knows.
func Redact(text string, secrets ...string) string {
	for _, secret := range secrets {
		for _, spelling := range spellingsOf(secret) {
			text = strings.ReplaceAll(text, spelling, redacted)
		}
	}
	return text
}

// Redact replaces the secrets that the guest was given or stored in this
// invocation by "[REDACTED]", wherever they stand in text: as they are, escaped
// as in JSON, HTML or a query, in base64 or in hexadecimal. It is for texts of
// the guest that leave the invocation, such as log lines and stack traces. It
// cannot find a secret that the guest took apart.
func (s *Session) Redact(text string) string {
	s.mu.Lock()
	revealed := s.revealed
	s.mu.Unlock()
	for _, spelling := range revealed {
		text = strings.ReplaceAll(text, spelling, redacted)
	}
	return text
}

// redactJSON is Redact for a JSON text, which stays one.
func (s *Session) redactJSON(value json.RawMessage) json.RawMessage {
	text := s.Redact(string(value))
	if text == string(value) {
		return value
	}
	if _, err := checkJSON([]byte(text)); err != nil {
		return json.RawMessage(`"` + redacted + `"`) // it replaced half of an escape
	}
	return json.RawMessage(text)
}
