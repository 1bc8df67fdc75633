package audit

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/annexhost/annex/storage"
)

// Bounds of a record. Text beyond maxText is cut, because refusing a record of
// what a stranger did would let the stranger decide what is recorded; what our own
// code chooses (organization, action, keys) is refused instead.
const (
	maxOrg    = 256
	maxAction = 64
	maxText   = 1024 // bytes of each other text
	maxDetail = 16
	cutMark   = "…"
)

// encode checks r, bounds it, and returns what is stored.
func (r Record) encode(now time.Time) ([]byte, error) {
	if err := checkOrg(r.Org); err != nil {
		return nil, err
	}
	if !isWord(r.Action) {
		return nil, fmt.Errorf("%w: action %.80q", ErrInvalid, r.Action)
	}
	if r.Count < 0 {
		return nil, fmt.Errorf("%w: count %d", ErrInvalid, r.Count)
	}
	if len(r.Detail) > maxDetail {
		return nil, fmt.Errorf("%w: %d details, at most %d", ErrInvalid, len(r.Detail), maxDetail)
	}
	r.Time = now.UTC().Truncate(time.Microsecond)
	for _, s := range []*string{&r.Extension, &r.Actor, &r.Credential, &r.Target, &r.Outcome, &r.InvocationID} {
		*s = bound(*s)
	}
	if r.Detail != nil {
		detail := make(map[string]string, len(r.Detail))
		for k, v := range r.Detail {
			if !isWord(k) {
				return nil, fmt.Errorf("%w: detail %.80q", ErrInvalid, k)
			}
			detail[k] = bound(v)
		}
		r.Detail = detail
	}
	body, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrInvalid, err)
	}
	return body, nil
}

func checkOrg(org string) error {
	if org == "" || len(org) > maxOrg || !utf8.ValidString(org) {
		return fmt.Errorf("%w: organization %.40q must be 1 to %d bytes of UTF-8", ErrInvalid, org, maxOrg)
	}
	if n := len(entryKey(org, 0)); n > storage.MaxKey {
		return fmt.Errorf("%w: organization %.40q is too long once escaped (%d bytes of %d)", ErrInvalid, org, n, storage.MaxKey)
	}
	return nil
}

// isWord reports whether s matches ^[a-z][a-z0-9._-]{0,63}$.
func isWord(s string) bool {
	if s == "" || len(s) > maxAction || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// bound returns s as valid UTF-8 of at most maxText bytes.
func bound(s string) string {
	if len(s) <= maxText && utf8.ValidString(s) {
		return s
	}
	// The cut comes first, so that the work is bounded too.
	cut := len(s) > maxText
	if cut {
		s = s[:maxText]
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	if !cut && len(s) <= maxText {
		return s
	}
	end := min(len(s), maxText-len(cutMark))
	for end < len(s) && end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + cutMark
}
