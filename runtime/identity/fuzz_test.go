package identity

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// FuzzBearer sends anything as a bearer token to an issuer whose key is known:
// nothing but the one good token is anybody.
func FuzzBearer(f *testing.F) {
	key := rsaSigning("k1")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key.jwk()}})
	}))
	f.Cleanup(server.Close)
	issuers, err := NewIssuers(IssuersConfig{
		Issuers: []Issuer{config(&keyServer{Server: server})}, Now: func() time.Time { return testNow }, CheckOrg: func(string) error { return nil },
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(issuers.Close)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: key.alg, Key: key.private}, &jose.SignerOptions{ExtraHeaders: map[jose.HeaderKey]any{"kid": key.kid}})
	if err != nil {
		f.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(good(nil)).Serialize()
	if err != nil {
		f.Fatal(err)
	}
	if who, err := issuers.Verify(f.Context(), token); err != nil || who.Org != "acme" {
		f.Fatalf("the good token: %+v, %v", who, err)
	}
	parts := strings.Split(token, ".")
	f.Add(token)
	f.Add(parts[0] + "." + parts[1] + ".")
	f.Add("eyJhbGciOiJub25lIn0." + parts[1] + ".")
	f.Add(parts[0] + ".e30." + parts[2])
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, bearer string) {
		if who, err := issuers.Verify(t.Context(), bearer); err == nil && bearer != token {
			t.Fatalf("%q is %+v", bearer, who)
		}
	})
}

// FuzzKeySet reads whatever an issuer may answer for its keys: all that are
// taken can verify signatures, and none can make one.
func FuzzKeySet(f *testing.F) {
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{rsaSigning("k1").jwk()}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(set)
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"c2VjcmV0","alg":"HS256"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","d":"AA"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := parseKeys(data)
		if err != nil {
			return
		}
		if len(keys) == 0 || len(keys) > maxKeys {
			t.Fatalf("%d keys", len(keys))
		}
		for _, k := range keys {
			if !isPublic(k) || !k.IsPublic() || !k.Valid() {
				t.Fatalf("took %+v", k)
			}
		}
	})
}
