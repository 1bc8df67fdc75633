package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Token is what is kept of a token: everything but its value.
type Token struct {
	ID        string    `json:"id"` // names it in lists; no secret
	Org       string    `json:"org"`
	User      string    `json:"user"` // id that handlers see
	Email     string    `json:"email,omitempty"`
	Role      Role      `json:"role"`
	CreatedAt time.Time `json:"createdAt"`
	CreatedBy string    `json:"createdBy"`

	// ExpiresAt is when it ends. Zero: never.
	ExpiresAt time.Time `json:"expiresAt,omitzero"`
}

// Expired reports whether the token has ended at now.
func (t Token) Expired(now time.Time) bool {
	return !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt)
}

// Prefix begins the value of every token, so that scanners find one where it
// should not be.
const Prefix = "annex_"

// NewValue makes the value of a token: 256 random bits behind [Prefix].
func NewValue() string {
	var secret [32]byte
	rand.Read(secret[:]) // never fails
	return Prefix + base64.RawURLEncoding.EncodeToString(secret[:])
}

// hash is under what a token is kept. A value has 256 random bits, so a plain
// hash cannot be turned round, and how long a lookup of it takes tells nothing
// of the values that exist.
func hash(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])
}

func newID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// maxText is the longest user, e-mail address or creator, in bytes.
const maxText = 256

// ErrInvalid says that a token cannot be made as asked.
var ErrInvalid = errors.New("identity: invalid")

// check reports what is wrong with a token to be.
func (t Token) check(now time.Time) error {
	if t.Org == "" || len(t.Org) > 128 || strings.Contains(t.Org, "/") {
		return fmt.Errorf("%w: a token needs an organization", ErrInvalid)
	}
	if _, err := ParseRole(string(t.Role)); err != nil {
		return fmt.Errorf("%w: %v", ErrInvalid, err)
	}
	for _, text := range []struct{ what, value string }{{"user", t.User}, {"email", t.Email}, {"creator", t.CreatedBy}} {
		if err := checkText(text.what, text.value); err != nil {
			return fmt.Errorf("%w: %v", ErrInvalid, err)
		}
	}
	if t.Expired(now) {
		return fmt.Errorf("%w: the token would have expired at %s", ErrInvalid, t.ExpiresAt.UTC().Format(time.RFC3339))
	}
	return nil
}

// checkText refuses what cannot be shown in a line: handlers, logs and audits
// get these texts.
func checkText(what, value string) error {
	if len(value) > maxText {
		return fmt.Errorf("%s is longer than %d bytes", what, maxText)
	}
	for _, c := range value {
		if !unicode.IsGraphic(c) || c == unicode.ReplacementChar {
			return fmt.Errorf("%s %.40q has characters that cannot be shown", what, value)
		}
	}
	return nil
}
