package identity

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/hashicorp/go-hclog"
)

// When keys are fetched.
const (
	freshFor   = 10 * time.Minute // keys are used without asking again
	staleFor   = 24 * time.Hour   // and while the issuer does not answer
	fetchEvery = 10 * time.Second // at most, whatever callers send
	fetchTime  = 10 * time.Second // for an issuer to answer
)

// What an issuer may send.
const (
	maxKeySet  = 512 << 10 // bytes
	maxKeys    = 100
	minRSABits = 2048
	maxRSABits = 8192 // beyond it a verification costs the host too much
)

// keySet is the public keys of one issuer, fetched when they are needed:
// at first, when a token names a key that is not there (which is how a rotation
// shows), and when they are old, behind the back of callers.
type keySet struct {
	url    string
	client *http.Client
	now    func() time.Time
	log    hclog.Logger
	ctx    context.Context // ends fetches when the issuers are closed

	mu      sync.Mutex
	keys    []jose.JSONWebKey
	fetched time.Time     // when keys came; zero: never
	tried   time.Time     // when they were asked for last
	failure error         // of the last try
	pending chan struct{} // closed when the try that runs has ended; nil: none runs
}

// find returns the keys named kid that sign with alg; without a kid, the only
// such key of the set. None is no error; one says that the keys are out of reach.
func (s *keySet) find(ctx context.Context, kid string, alg jose.SignatureAlgorithm) ([]jose.JSONWebKey, error) {
	s.mu.Lock()
	age := s.now().Sub(s.fetched)
	usable := !s.fetched.IsZero() && age < staleFor
	if usable {
		if found := match(s.keys, kid, alg); len(found) > 0 {
			if age >= freshFor {
				s.fetch()
			}
			s.mu.Unlock()
			return found, nil
		}
	}
	s.fetch()
	pending := s.pending
	s.mu.Unlock()
	if pending != nil {
		select {
		case <-pending:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fetched.IsZero() || s.now().Sub(s.fetched) >= staleFor {
		return nil, fmt.Errorf("identity: keys of %s: %v", s.url, s.failure)
	}
	return match(s.keys, kid, alg), nil
}

// fetch begins a fetch unless one runs or has just run. The caller holds mu.
func (s *keySet) fetch() {
	now := s.now()
	if s.pending != nil || !s.tried.IsZero() && now.Sub(s.tried) < fetchEvery {
		return
	}
	s.tried = now
	done := make(chan struct{})
	s.pending = done
	go func() {
		keys, err := s.get()
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.failure = err; err == nil {
			s.keys, s.fetched = keys, s.now()
		} else {
			s.log.Warn("keys of an issuer cannot be fetched", "jwks", s.url, "error", err)
		}
		s.pending = nil
		close(done)
	}()
}

// get asks the issuer for its keys.
func (s *keySet) get() ([]jose.JSONWebKey, error) {
	ctx, cancel := context.WithTimeout(s.ctx, fetchTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/jwk-set+json, application/json")
	resp, err := s.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the answer has status %d", resp.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxKeySet+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxKeySet {
		return nil, fmt.Errorf("the answer is larger than %d bytes", maxKeySet)
	}
	return parseKeys(data)
}

// parseKeys reads a JWK set. A key that is of no use here is left out: a set
// may have keys for encryption, or of kinds that come later.
func parseKeys(data []byte) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, fmt.Errorf("the answer is no JWK set: %v", err)
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("the set has more than %d keys", maxKeys)
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if json.Unmarshal(raw, &key) == nil && key.Valid() && isPublic(key) && (key.Use == "" || key.Use == "sig") {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("none of the %d keys of the set can verify a signature", len(set.Keys))
	}
	return keys, nil
}

// isPublic reports whether key is a public key of a size that is safe and
// affordable. A symmetric key is not.
func isPublic(key jose.JSONWebKey) bool {
	switch k := key.Key.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() >= minRSABits && k.N.BitLen() <= maxRSABits
	case *ecdsa.PublicKey:
		return true
	case ed25519.PublicKey:
		return len(k) == ed25519.PublicKeySize
	}
	return false
}

// match returns the keys named kid that may sign with alg. A key that says its
// algorithm signs with no other.
func match(keys []jose.JSONWebKey, kid string, alg jose.SignatureAlgorithm) []jose.JSONWebKey {
	var found []jose.JSONWebKey
	for _, key := range keys {
		if (kid == "" || key.KeyID == kid) && (key.Algorithm == "" || key.Algorithm == string(alg)) && suits(key, alg) {
			found = append(found, key)
		}
	}
	if kid == "" && len(found) != 1 {
		return nil
	}
	return found
}

// suits reports whether the kind of key is that of alg.
func suits(key jose.JSONWebKey, alg jose.SignatureAlgorithm) bool {
	switch k := key.Key.(type) {
	case *rsa.PublicKey:
		return alg[0] == 'R' || alg[0] == 'P'
	case *ecdsa.PublicKey:
		return map[jose.SignatureAlgorithm]int{jose.ES256: 256, jose.ES384: 384, jose.ES512: 521}[alg] == k.Curve.Params().BitSize
	case ed25519.PublicKey:
		return alg == jose.EdDSA
	}
	return false
}
