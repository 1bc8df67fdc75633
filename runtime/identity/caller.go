package identity

import (
	"context"
	"errors"
)

// ErrUnknown says that a credential is nobody's: wrong, expired or revoked.
var ErrUnknown = errors.New("identity: unknown credential")

// ErrNoPlace says that the credential is good and its holder has no place
// here, such as a user of an issuer whose organization or role is not one.
var ErrNoPlace = errors.New("identity: the caller has no place here")

// Caller is who is calling. It comes from a credential alone.
type Caller struct {
	Org   string // the organization whose extensions are called
	User  string // id of the person or service
	Email string // may be empty
	Role  Role

	// Credential says by what the caller is known, for the audit: the id of a
	// token, or the URL of an issuer with the claim jti behind it, if there is
	// one. It is no secret.
	Credential string
}

// May reports whether the caller may do what right says in org.
func (c Caller) May(right Right, org string) bool {
	return c.Role.May(right) && (c.Role == Operator || org != "" && org == c.Org)
}

// Verifier knows callers by a bearer credential.
type Verifier interface {
	// Verify returns who has the credential. The error is ErrUnknown, ErrNoPlace
	// or a fault of the host. It is called from many goroutines.
	Verify(ctx context.Context, bearer string) (Caller, error)
}

// First asks each verifier in turn until one knows the credential.
func First(verifiers ...Verifier) Verifier { return first(verifiers) }

type first []Verifier

// Verify implements [Verifier].
func (f first) Verify(ctx context.Context, bearer string) (Caller, error) {
	for _, v := range f {
		caller, err := v.Verify(ctx, bearer)
		if !errors.Is(err, ErrUnknown) {
			return caller, err
		}
	}
	return Caller{}, ErrUnknown
}
