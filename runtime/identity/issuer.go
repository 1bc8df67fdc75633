package identity

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Issuer says whose JWTs are believed, and what their claims mean. A zero
// field means the default, given in parentheses.
type Issuer struct {
	URL        string        // the claim iss, byte for byte (required)
	JWKS       string        // where its keys are: https, or http on this machine (required)
	Audience   []string      // one of these must be in the claim aud (required)
	Algorithms []string      // that signatures may have (RS256 and ES256)
	Skew       time.Duration // that clocks may differ by (1 min; at most 5)

	// Org is the one organization of this issuer's users. Without it the claim
	// Claims.Org names the organization; it must then be in Orgs, where "*"
	// stands for every one. An issuer must have Org or Orgs.
	Org  string
	Orgs []string

	Claims Claims

	// Roles says which values of the claim Claims.Role stand for a role: Member
	// or Admin (the roles' own names). The highest one counts.
	Roles map[Role][]string

	// Role is that of users whose claim says none (none: they have no place
	// here; Member when no claim says the role).
	Role Role
}

// Claims names the claims that are read. A name is a claim; several names lead
// into nested ones, such as realm_access, roles.
type Claims struct {
	User  []string // (sub)
	Email []string // (email; ignored when email_verified is false)
	Org   []string // (none)
	Role  []string // (none)
}

// algorithms are those that may be configured: signatures with a private key
// that only the issuer has. "none" is not one and no HMAC is, whose key would
// be the issuer's public one.
var algorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
}

const (
	defaultSkew = time.Minute
	maxSkew     = 5 * time.Minute
)

// withDefaults fills in the zero fields, or says what is wrong.
func (i Issuer) withDefaults() (Issuer, error) {
	fail := func(format string, args ...any) (Issuer, error) {
		return Issuer{}, fmt.Errorf("identity: issuer %.200s: %s", i.URL, fmt.Sprintf(format, args...))
	}
	if i.URL == "" {
		return Issuer{}, errors.New("identity: an issuer needs its URL: the claim iss of its tokens")
	}
	if err := checkJWKS(i.JWKS); err != nil {
		return fail("%v", err)
	}
	if len(i.Audience) == 0 || slices.Contains(i.Audience, "") {
		return fail("needs an audience: without one, tokens that were issued to any other application are good here")
	}
	if len(i.Algorithms) == 0 {
		i.Algorithms = []string{string(jose.RS256), string(jose.ES256)}
	}
	for _, name := range i.Algorithms {
		if !slices.Contains(algorithms, jose.SignatureAlgorithm(name)) {
			return fail("algorithm %.20q: want one of %s", name, joined(algorithms))
		}
	}
	if i.Skew == 0 {
		i.Skew = defaultSkew
	}
	if i.Skew < 0 || i.Skew > maxSkew {
		return fail("skew %s: want at most %s", i.Skew, maxSkew)
	}
	if problem := i.checkMeaning(); problem != "" {
		return fail("%s", problem)
	}
	if len(i.Claims.User) == 0 {
		i.Claims.User = []string{"sub"}
	}
	if len(i.Claims.Email) == 0 {
		i.Claims.Email = []string{"email"}
	}
	if i.Role == "" && len(i.Claims.Role) == 0 {
		i.Role = Member
	}
	if len(i.Roles) == 0 {
		i.Roles = map[Role][]string{Member: {string(Member)}, Admin: {string(Admin)}}
	}
	return i, nil
}

// checkMeaning checks what the claims are made into: which organization and
// which role.
func (i Issuer) checkMeaning() string {
	switch {
	case i.Org == "" && len(i.Claims.Org) == 0:
		return "needs org, or claims.org with orgs: it must say whose users these are"
	case i.Org != "" && (len(i.Claims.Org) > 0 || len(i.Orgs) > 0):
		return "has org and claims.org or orgs: want one or the other"
	case i.Org == "" && len(i.Orgs) == 0:
		return `needs orgs: which organizations its claim may name, or "*" for every one`
	}
	for role := range i.Roles {
		if role != Member && role != Admin {
			return fmt.Sprintf("role %.20q: an issuer's users are member or admin", role)
		}
	}
	if i.Role != "" && i.Role != Member && i.Role != Admin {
		return fmt.Sprintf("role %.20q: an issuer's users are member or admin", i.Role)
	}
	return ""
}

// checkJWKS wants keys that nobody can replace on their way.
func checkJWKS(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return fmt.Errorf("jwks %.200q: want a URL such as https://id.example.com/keys", address)
	}
	if u.Scheme == "https" {
		return nil
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()) {
		return nil
	}
	return fmt.Errorf("jwks %.200q: want https", address)
}

// accepted are the algorithms for the library.
func (i Issuer) accepted() []jose.SignatureAlgorithm {
	list := make([]jose.SignatureAlgorithm, len(i.Algorithms))
	for n, name := range i.Algorithms {
		list[n] = jose.SignatureAlgorithm(name)
	}
	return list
}

// newClient gets keys and nothing else: where the operator said, without
// following redirects, without a proxy that the environment names, and without cookies.
func newClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			MaxResponseHeaderBytes: 64 << 10, DisableKeepAlives: true, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: fetchTime, ResponseHeaderTimeout: fetchTime,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// looksLikeJWT reports whether bearer has the form of a signed JWT, which no
// token of [Tokens] has.
func looksLikeJWT(bearer string) bool { return strings.Count(bearer, ".") == 2 }
