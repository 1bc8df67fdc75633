package logs

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// lineOverhead is what a line has beside its texts.
const lineOverhead = 200

// Bound bounds the lines that the strangers of an installation cause in the host's
// own log, and those of its organization together. It is safe for concurrent use.
type Bound struct{ installations, organizations *Throttle }

// NewBound returns a Bound of so many bytes a minute. now is nil for time.Now.
func NewBound(installation, organization int, now func() time.Time) *Bound {
	return &Bound{NewThrottle(installation, now), NewThrottle(organization, now)}
}

// Take asks for a line with some texts.
func (b *Bound) Take(org, extension string, texts ...string) Grant {
	size := lineOverhead
	for _, text := range texts {
		size += written(text)
	}
	grant := b.installations.Take(org+"/"+extension, size)
	if grant.Allowed {
		grant = b.organizations.Take(org, size)
	}
	return grant
}

// written is how many bytes a text takes in a log at most, where what is not
// printable, and what JSON or a quoted text may escape, takes several.
func written(text string) int {
	n := 0
	for _, r := range text {
		switch {
		case r > 0xffff:
			n += len(`\U00010000`)
		case unicode.IsPrint(r) && !strings.ContainsRune(`"\<>&`, r):
			n += utf8.RuneLen(r)
		default:
			n += len(`\u0000`)
		}
	}
	return n
}

// Clipped is a text of a stranger, cut to so many bytes between two characters.
func Clipped(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
