package httpapi

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime/sandbox"
)

// Identity is who is calling. It comes from a credential alone.
type Identity struct {
	Org  string       // the organization whose extensions are called
	User *bridge.User // nil for a caller who is no person
}

// Authenticator tells who sent a request. The error for a caller whom it does
// not know is a [sandbox.Error] of code Denied, with reason ReasonIdentity when
// the credential is missing or wrong (401) and without when the caller is known
// but has no place here (403). It must not read the body, and is called from
// many goroutines.
type Authenticator interface {
	Authenticate(ctx context.Context, r *http.Request) (Identity, error)
}

// maxBearer is the longest token that is looked at, in bytes.
const maxBearer = 4096

// Bearer returns the token of the request's one Authorization header of scheme
// Bearer. Without one the error is the one that [Authenticator] asks for.
func Bearer(r *http.Request) (string, error) {
	values := r.Header["Authorization"]
	if len(values) == 1 {
		const scheme = "bearer "
		if v := values[0]; len(v) > len(scheme) && strings.EqualFold(v[:len(scheme)], scheme) {
			token := v[len(scheme):]
			if len(token) <= maxBearer && !strings.ContainsAny(token, " \t,") {
				return token, nil
			}
		}
	}
	return "", unauthorized("Missing or invalid Authorization header")
}

// StaticToken is an [Authenticator] that knows one token and whom it stands for.
type StaticToken struct {
	sum      [sha256.Size]byte
	identity Identity
}

// minToken is the shortest token that is not refused as guessable, in bytes.
const minToken = 16

// NewStaticToken returns an Authenticator for token, which has at least 16 bytes.
func NewStaticToken(token string, id Identity) (*StaticToken, error) {
	if len(token) < minToken {
		return nil, errors.New("httpapi: a token needs at least 16 bytes")
	}
	if id.Org == "" {
		return nil, errors.New("httpapi: a token needs an organization")
	}
	return &StaticToken{sum: sha256.Sum256([]byte(token)), identity: id}, nil
}

// Authenticate compares in a time that tells nothing of the token.
func (s *StaticToken) Authenticate(_ context.Context, r *http.Request) (Identity, error) {
	token, err := Bearer(r)
	if err != nil {
		return Identity{}, err
	}
	sum := sha256.Sum256([]byte(token))
	if subtle.ConstantTimeCompare(sum[:], s.sum[:]) != 1 {
		return Identity{}, unauthorized("Invalid or missing access token")
	}
	return s.identity, nil
}

// NewToken makes a token of 256 random bits. Its prefix lets scanners find it
// where it should not be.
func NewToken() string {
	var secret [32]byte
	rand.Read(secret[:]) // never fails
	return "annex_" + base64.RawURLEncoding.EncodeToString(secret[:])
}

func unauthorized(message string) error {
	return &sandbox.Error{Code: sandbox.Denied, Reason: sandbox.ReasonIdentity, Message: message}
}
