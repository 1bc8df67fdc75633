package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// keyServer is the JWKS of an issuer on this machine.
type keyServer struct {
	*httptest.Server
	asked atomic.Int64

	mu     sync.Mutex
	keys   []jose.JSONWebKey
	answer func(http.ResponseWriter) // in place of the keys
}

func newKeyServer(t *testing.T, keys ...jose.JSONWebKey) *keyServer {
	s := &keyServer{keys: keys}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.asked.Add(1)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.answer != nil {
			s.answer(w)
			return
		}
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: s.keys})
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *keyServer) set(answer func(http.ResponseWriter), keys ...jose.JSONWebKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys, s.answer = keys, answer
}

// signing is a key pair.
type signing struct {
	kid     string
	alg     jose.SignatureAlgorithm
	private any
	public  any
}

func (s signing) jwk() jose.JSONWebKey {
	return jose.JSONWebKey{Key: s.public, KeyID: s.kid, Algorithm: string(s.alg), Use: "sig"}
}

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func rsaSigning(kid string) signing { return signing{kid, jose.RS256, rsaKey(), &rsaKey().PublicKey} }

func ecSigning(t *testing.T, kid string) signing {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signing{kid, jose.ES256, key, &key.PublicKey}
}

// sign makes a token; header fields are added to alg and kid.
func (s signing) sign(t *testing.T, claims map[string]any, header map[jose.HeaderKey]any) string {
	t.Helper()
	options := &jose.SignerOptions{ExtraHeaders: map[jose.HeaderKey]any{}}
	maps.Copy(options.ExtraHeaders, header)
	if s.kid != "" {
		options.ExtraHeaders["kid"] = s.kid
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: s.alg, Key: s.private}, options)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

const issuerURL = "https://id.example.com/"

var testNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// good are claims that are let in, with changes.
func good(changes map[string]any) map[string]any {
	claims := map[string]any{
		"iss": issuerURL, "aud": []string{"annex", "other"}, "sub": "u-1", "email": "ada@acme.example", "org": "acme", "roles": []string{"x", "owner"},
		"exp": testNow.Add(5 * time.Minute).Unix(), "iat": testNow.Unix(),
	}
	for name, value := range changes {
		if value == nil {
			delete(claims, name)
		} else {
			claims[name] = value
		}
	}
	return claims
}

// config is an issuer whose claims name the organization and the role.
func config(server *keyServer) Issuer {
	return Issuer{
		URL: issuerURL, JWKS: server.URL, Audience: []string{"annex"}, Orgs: []string{"acme", "beta"},
		Claims: Claims{Org: []string{"org"}, Role: []string{"roles"}},
		Roles:  map[Role][]string{Admin: {"admin", "owner"}, Member: {"member"}},
	}
}

func newTestIssuers(t *testing.T, now func() time.Time, list ...Issuer) *Issuers {
	t.Helper()
	if now == nil {
		now = func() time.Time { return testNow }
	}
	s, err := NewIssuers(IssuersConfig{Issuers: list, Now: now, CheckOrg: func(org string) error {
		if strings.Contains(org, "/") {
			return errors.New("a slash")
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestIssuerClaims(t *testing.T) {
	key := rsaSigning("k1")
	issuers := newTestIssuers(t, nil, config(newKeyServer(t, key.jwk())))
	in := func(d time.Duration) int64 { return testNow.Add(d).Unix() }
	tests := []struct {
		rule    string
		changes map[string]any
		want    Caller
		err     error
	}{
		{"all is well", nil, Caller{"acme", "u-1", "ada@acme.example", Admin, issuerURL}, nil},
		{"another organization of the issuer's", map[string]any{"org": "beta"}, Caller{"beta", "u-1", "ada@acme.example", Admin, issuerURL}, nil},
		{"one audience, not in a list", map[string]any{"aud": "annex"}, Caller{"acme", "u-1", "ada@acme.example", Admin, issuerURL}, nil},
		{"a member", map[string]any{"roles": "member"}, Caller{"acme", "u-1", "ada@acme.example", Member, issuerURL}, nil},
		{"an address that nobody has checked", map[string]any{"email_verified": false}, Caller{"acme", "u-1", "", Admin, issuerURL}, nil},
		{"an id of the token", map[string]any{"jti": "t-1"}, Caller{"acme", "u-1", "ada@acme.example", Admin, issuerURL + " t-1"}, nil},
		{"an id of two lines", map[string]any{"jti": "t\n1"}, Caller{"acme", "u-1", "ada@acme.example", Admin, issuerURL}, nil},
		{"expired within the skew", map[string]any{"exp": in(-59 * time.Second)}, Caller{"acme", "u-1", "ada@acme.example", Admin, issuerURL}, nil},

		{"another issuer", map[string]any{"iss": "https://id.example.com"}, Caller{}, ErrUnknown},
		{"no issuer", map[string]any{"iss": nil}, Caller{}, ErrUnknown},
		{"another audience", map[string]any{"aud": "other"}, Caller{}, ErrUnknown},
		{"no audience", map[string]any{"aud": nil}, Caller{}, ErrUnknown},
		{"expired", map[string]any{"exp": in(-61 * time.Second)}, Caller{}, ErrUnknown},
		{"no expiry", map[string]any{"exp": nil}, Caller{}, ErrUnknown},
		{"not yet", map[string]any{"nbf": in(61 * time.Second)}, Caller{}, ErrUnknown},
		{"issued in the future", map[string]any{"iat": in(61 * time.Second)}, Caller{}, ErrUnknown},
		{"an expiry that is no number", map[string]any{"exp": "tomorrow"}, Caller{}, ErrUnknown},

		{"an organization of others", map[string]any{"org": "gamma"}, Caller{}, ErrNoPlace},
		{"no organization", map[string]any{"org": nil}, Caller{}, ErrNoPlace},
		{"two organizations", map[string]any{"org": []string{"acme", "beta"}}, Caller{}, ErrNoPlace},
		{"an organization that is called everything", map[string]any{"org": "*"}, Caller{}, ErrNoPlace},
		{"no role", map[string]any{"roles": nil}, Caller{}, ErrNoPlace},
		{"an unknown role", map[string]any{"roles": []string{"operator"}}, Caller{}, ErrNoPlace},
		{"no user", map[string]any{"sub": nil}, Caller{}, ErrNoPlace},
		{"a user of two lines", map[string]any{"sub": "a\nb"}, Caller{}, ErrNoPlace},
	}
	for _, tt := range tests {
		got, err := issuers.Verify(t.Context(), key.sign(t, good(tt.changes), nil))
		if !errors.Is(err, tt.err) || got != tt.want && !(tt.rule == "an organization that is called everything" && err != nil) {
			t.Errorf("%s: %+v, %v; want %+v, %v", tt.rule, got, err, tt.want, tt.err)
		}
	}
}

// What is signed in another way than the issuer's is nobody's.
func TestIssuerSignatures(t *testing.T) {
	key, other, spare := rsaSigning("k1"), ecSigning(t, "k2"), ecSigning(t, "k1")
	server := newKeyServer(t, key.jwk(), other.jwk())
	issuers := newTestIssuers(t, nil, config(server))
	token := key.sign(t, good(nil), nil)
	if _, err := issuers.Verify(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	if _, err := issuers.Verify(t.Context(), other.sign(t, good(nil), nil)); err != nil {
		t.Fatalf("the issuer's other key: %v", err)
	}
	parts := strings.Split(token, ".")
	flipped := []byte(parts[2])
	flipped[10] ^= 1
	b64 := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	modulus, _ := json.Marshal(key.jwk())
	hmac := signing{"k1", jose.HS256, modulus, nil}
	lying := rsaSigning("k2") // names the key of another kind
	named := spare
	named.kid = "k1"
	tests := map[string]string{
		"none":                            b64(`{"alg":"none"}`) + "." + parts[1] + ".",
		"None":                            b64(`{"alg":"None","kid":"k1"}`) + "." + parts[1] + ".",
		"no algorithm":                    b64(`{"kid":"k1"}`) + "." + parts[1] + "." + parts[2],
		"no signature":                    parts[0] + "." + parts[1] + ".",
		"HMAC with the public key":        hmac.sign(t, good(nil), nil),
		"a changed signature":             parts[0] + "." + parts[1] + "." + string(flipped),
		"other claims":                    parts[0] + "." + strings.Split(key.sign(t, good(map[string]any{"org": "beta"}), nil), ".")[1] + "." + parts[2],
		"a stranger's key of that name":   named.sign(t, good(nil), nil),
		"the name of a key of other kind": lying.sign(t, good(nil), nil),
		"an embedded key": func() string {
			s := ecSigning(t, "")
			return s.sign(t, good(nil), map[jose.HeaderKey]any{"jwk": s.jwk()})
		}(),
		"a header that must be known":     key.sign(t, good(nil), map[jose.HeaderKey]any{"crit": []string{"exp"}}),
		"an algorithm that is not listed": signing{"k1", jose.PS256, key.private, nil}.sign(t, good(nil), nil),
		"no name where there are two":     signing{"", jose.RS512, key.private, nil}.sign(t, good(nil), nil),
		"four parts":                      token + ".x",
		"not base64":                      "a.b.c",
		"a token of this host":            NewValue(),
		"nothing":                         "",
	}
	for rule, bearer := range tests {
		if got, err := issuers.Verify(t.Context(), bearer); err != ErrUnknown || got != (Caller{}) {
			t.Errorf("%s: %+v, %v; want ErrUnknown", rule, got, err)
		}
	}
}

func TestIssuerConfig(t *testing.T) {
	server := newKeyServer(t)
	tests := []struct {
		rule   string
		change func(*Issuer)
	}{
		{"no URL", func(i *Issuer) { i.URL = "" }},
		{"no keys", func(i *Issuer) { i.JWKS = "" }},
		{"keys in the clear", func(i *Issuer) { i.JWKS = "http://id.example.com/keys" }},
		{"keys in a file", func(i *Issuer) { i.JWKS = "file:///keys" }},
		{"no audience", func(i *Issuer) { i.Audience = nil }},
		{"an empty audience", func(i *Issuer) { i.Audience = []string{""} }},
		{"the algorithm none", func(i *Issuer) { i.Algorithms = []string{"none"} }},
		{"an HMAC", func(i *Issuer) { i.Algorithms = []string{"RS256", "HS256"} }},
		{"an unknown algorithm", func(i *Issuer) { i.Algorithms = []string{"rs256"} }},
		{"a skew of an hour", func(i *Issuer) { i.Skew = time.Hour }},
		{"neither org nor orgs", func(i *Issuer) { i.Orgs = nil }},
		{"org and orgs", func(i *Issuer) { i.Org = "acme" }},
		{"nothing that names an organization", func(i *Issuer) { i.Claims.Org = nil }},
		{"an organization that none is called", func(i *Issuer) { i.Orgs = []string{"a/b"} }},
		{"operators", func(i *Issuer) { i.Roles = map[Role][]string{Operator: {"root"}} }},
		{"operators by default", func(i *Issuer) { i.Role = Operator }},
	}
	for _, tt := range tests {
		i := config(server)
		tt.change(&i)
		if _, err := NewIssuers(IssuersConfig{Issuers: []Issuer{i}, CheckOrg: func(org string) error {
			if strings.Contains(org, "/") {
				return errors.New("a slash")
			}
			return nil
		}}); err == nil {
			t.Errorf("%s: accepted", tt.rule)
		}
	}
	if _, err := NewIssuers(IssuersConfig{Issuers: []Issuer{config(server), config(server)}}); err == nil {
		t.Error("the same issuer twice: accepted")
	}
}

// One issuer cannot speak for another: not with its own keys under the other's
// name, and not for the other's organizations.
func TestIssuersApart(t *testing.T) {
	a, b := ecSigning(t, "k"), ecSigning(t, "k")
	first := config(newKeyServer(t, a.jwk()))
	first.Orgs = []string{"acme"}
	second := Issuer{URL: "https://b.example.com", JWKS: newKeyServer(t, b.jwk()).URL, Audience: []string{"annex"}, Org: "beta", Algorithms: []string{"ES256"}}
	third := Issuer{URL: "https://c.example.com", JWKS: newKeyServer(t, jose.JSONWebKey{Key: rsaSigning("k").public, KeyID: "k"}).URL, Audience: []string{"annex"}, Org: "gamma", Algorithms: []string{"PS256", "EdDSA"}}
	issuers := newTestIssuers(t, nil, first, second, third)
	ofC := rsaSigning("k").sign(t, good(map[string]any{"iss": third.URL}), nil) // RS256, which only the first may use
	if _, err := issuers.Verify(t.Context(), ofC); err != ErrUnknown {
		t.Errorf("an algorithm of another issuer's list: %v, want ErrUnknown", err)
	}
	ofB := map[string]any{"iss": second.URL, "org": "acme", "roles": "admin"}
	got, err := issuers.Verify(t.Context(), b.sign(t, good(ofB), nil))
	if want := (Caller{"beta", "u-1", "ada@acme.example", Member, second.URL}); err != nil || got != want {
		t.Errorf("the second issuer: %+v, %v; want %+v: it has one organization and no claim of a role", got, err, want)
	}
	if _, err := issuers.Verify(t.Context(), b.sign(t, good(nil), nil)); err != ErrUnknown {
		t.Errorf("the second issuer under the name of the first: %v, want ErrUnknown", err)
	}
	if _, err := issuers.Verify(t.Context(), a.sign(t, good(map[string]any{"org": "beta"}), nil)); !errors.Is(err, ErrNoPlace) {
		t.Errorf("the first issuer for an organization of the second: %v, want ErrNoPlace", err)
	}
}

// Claims may be nested, as some issuers have them.
func TestNestedClaims(t *testing.T) {
	key := ecSigning(t, "")
	i := config(newKeyServer(t, key.jwk()))
	i.Claims = Claims{User: []string{"https://example.com/user"}, Org: []string{"tenant", "id"}, Role: []string{"realm_access", "roles"}}
	got, err := newTestIssuers(t, nil, i).Verify(t.Context(), key.sign(t, good(map[string]any{
		"https://example.com/user": "u-9", "tenant": map[string]any{"id": "acme"}, "realm_access": map[string]any{"roles": []string{"owner"}},
	}), nil))
	if want := (Caller{"acme", "u-9", "ada@acme.example", Admin, issuerURL}); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}
