package signing

import "fmt"

// Code is the kind of an [Error].
type Code string

// The codes.
const (
	Unsigned       Code = "UNSIGNED"          // there is no signature
	Malformed      Code = "SIGNATURE_FORMAT"  // it is not in the form of one
	Invalid        Code = "SIGNATURE_INVALID" // the key did not make it
	WrongPackage   Code = "SIGNATURE_OTHER"   // it was made for another package
	ContentChanged Code = "CONTENT_CHANGED"   // files were changed, added or removed
	KeyUnknown     Code = "KEY_UNKNOWN"       // nobody here trusts the key
	KeyForeign     Code = "KEY_FOREIGN"       // the key is of another publisher
	KeyRevoked     Code = "KEY_REVOKED"
	KeyExpired     Code = "KEY_EXPIRED"
	KeyInactive    Code = "KEY_INACTIVE"
	KeyChanged     Code = "KEY_CHANGED"     // the publisher signed with another before
	TierTooLow     Code = "TIER_TOO_LOW"    // the host asks for more
	RingUnreadable Code = "KEYS_UNREADABLE" // the keys cannot be read, so nothing is verified
)

// AboutTrust reports whether the package may be sound and only its key, or that
// it has none, keeps it out.
func (c Code) AboutTrust() bool {
	switch c {
	case RingUnreadable, Unsigned, KeyUnknown, KeyForeign, KeyRevoked, KeyExpired, KeyInactive, KeyChanged, TierTooLow:
		return true
	}
	return false
}

// Error says why a package is refused.
type Error struct {
	Code    Code
	Message string // for people, with the remedy
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

func refuse(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}
