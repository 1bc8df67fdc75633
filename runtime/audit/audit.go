// Package audit is the append-only log of who did what: installs, consents,
// secret reads, denials. Each organization has a chain of its own, in which each
// entry's MAC covers the entry before it, so that an entry that was changed,
// removed, moved, inserted or cut from the end is found by [Log.Verify].
//
// A record is durable when [Log.Append] returns nil. Callers append before they
// act, and do not act when it fails.
//
// What it writes, all below "aud/":
//
//	aud/h/<org>/        the head: the last sequence number and MAC, with a MAC of its own
//	aud/e/<org>/<seq>   one entry: its MAC and the record
//	aud/c/<org>/<seq>   a signed checkpoint of the entries up to that one
//	aud/b/<org>/        the base: where the chain begins, once old entries were dropped
package audit

import (
	"errors"
	"net/url"
	"strconv"
	"time"

	"github.com/annexhost/annex/storage"
)

// The errors that callers may match.
var (
	// ErrClosed says that the Log was closed.
	ErrClosed = errors.New("audit: log closed")

	// ErrInvalid says that a record or a query breaks a rule; nothing was written.
	ErrInvalid = errors.New("audit: invalid")

	// ErrBroken says that an organization's chain is not as it was written, so
	// that nothing can be appended to it. [Log.Verify] names the place.
	ErrBroken = errors.New("audit: the chain is damaged or was tampered with")
)

// Record is one thing that was done, or that was tried and denied. It never holds
// the value of a secret.
type Record struct {
	Time         time.Time         `json:"time"` // set by Append, in UTC and to the microsecond
	Org          string            `json:"org"`  // 1 to 256 bytes
	Extension    string            `json:"extension,omitempty"`
	Actor        string            `json:"actor,omitempty"`      // who: a user, or the extension itself
	Credential   string            `json:"credential,omitempty"` // by what the actor was known: the id of a token, an issuer; none for who has the data directory
	Action       string            `json:"action"`               // what: ^[a-z][a-z0-9._-]{0,63}$, such as "secret.read"
	Target       string            `json:"target,omitempty"`     // on what: a name, a host, a route
	Outcome      string            `json:"outcome,omitempty"`    // how it ended, such as "ok" or "denied"
	Detail       map[string]string `json:"detail,omitempty"`     // at most 16; keys as Action
	InvocationID string            `json:"invocation,omitempty"`
	Count        int               `json:"count,omitempty"` // how often, where equal records were counted; 0 means once
}

// Entry is a Record in its organization's chain.
type Entry struct {
	Seq uint64 // 1, 2, 3 … without a gap
	Record
	MAC [macSize]byte

	body []byte // the record as it is stored
}

// HostOrg stands for the host itself, whose chain holds what belongs to no
// organization: backups, rotations, organizations that were erased. No organization
// has such a name.
const HostOrg = "@host"

const (
	headPrefix  storage.Key = "aud/h/"
	entryPrefix storage.Key = "aud/e/"
	seqDigits               = 16
)

// segment is org in a key. Escaping removes every slash from org and one is put
// at the end, so that no organization's prefix is within another's.
func segment(org string) storage.Key { return storage.Key(url.PathEscape(org)) + "/" }

func headKey(org string) storage.Key       { return headPrefix + segment(org) }
func entriesPrefix(org string) storage.Key { return entryPrefix + segment(org) }

// entryKey orders entries by number: sixteen hexadecimal digits.
func entryKey(org string, seq uint64) storage.Key {
	var b [seqDigits]byte
	for i := range b {
		b[i] = "0123456789abcdef"[seq>>(4*(seqDigits-1-i))&15]
	}
	return entriesPrefix(org) + storage.Key(b[:])
}

// seqOf is the inverse of entryKey. A key that entryKey does not make is not ok.
func seqOf(org string, key storage.Key) (seq uint64, ok bool) {
	prefix := entriesPrefix(org)
	if len(key) != len(prefix)+seqDigits {
		return 0, false
	}
	seq, err := strconv.ParseUint(string(key[len(prefix):]), 16, 64)
	return seq, err == nil && entryKey(org, seq) == key
}
