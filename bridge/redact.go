package bridge

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

const (
	redacted = "[REDACTED]"

	// minRedacted is the length in bytes from which a secret is looked for in
	// other texts. A shorter one would blank out half of every line.
	minRedacted = 6

	// maxRedacted is how many spellings of secrets one invocation looks for.
	maxRedacted = 200
)

// spellingsOf returns a secret in the spellings in which programs pass secrets
// on; none for one that is too short to be looked for.
func spellingsOf(secret string) []string {
	if len(secret) < minRedacted {
		return nil
	}
	quoted := string(appendString(nil, secret))
	all := []string{
		secret,
		quoted[1 : len(quoted)-1],
		url.QueryEscape(secret),
		url.PathEscape(secret),
		base64.StdEncoding.EncodeToString([]byte(secret)),
		base64.RawURLEncoding.EncodeToString([]byte(secret)),
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) }) // the longest first: one may hold another
	return slices.Compact(all)
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
// as in JSON or in a query, or in base64. It is for texts of the guest that leave
// the invocation, such as log lines and stack traces. It cannot find a secret
// that the guest took apart.
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
