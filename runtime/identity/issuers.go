package identity

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/hashicorp/go-hclog"
)

// IssuersConfig is what [Issuers] are made of. A zero field means the default,
// given in parentheses.
type IssuersConfig struct {
	Issuers  []Issuer
	CheckOrg func(string) error // refuses what no organization is called (nothing)
	Client   *http.Client       // gets keys (one that follows no redirects)
	Now      func() time.Time   // (time.Now)
	Log      hclog.Logger       // (none)
}

// Issuers knows callers by JWTs that others have issued. It is safe for
// concurrent use.
type Issuers struct {
	byURL    map[string]*issuer
	accepted []jose.SignatureAlgorithm // by any issuer
	checkOrg func(string) error
	now      func() time.Time
	close    context.CancelFunc
}

// issuer is an Issuer with its keys.
type issuer struct {
	Issuer
	keys *keySet
}

// NewIssuers returns a Verifier, or says what is wrong with c. Keys are fetched
// when the first token comes.
func NewIssuers(c IssuersConfig) (*Issuers, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Client == nil {
		c.Client = newClient()
	}
	if c.Log == nil {
		c.Log = hclog.NewNullLogger()
	}
	if c.CheckOrg == nil {
		c.CheckOrg = func(string) error { return nil }
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Issuers{byURL: map[string]*issuer{}, checkOrg: c.CheckOrg, now: c.Now, close: cancel}
	for _, config := range c.Issuers {
		i, err := config.withDefaults()
		if err == nil && s.byURL[i.URL] != nil {
			err = fmt.Errorf("identity: issuer %s is there twice", i.URL)
		}
		for _, org := range append([]string{i.Org}, i.Orgs...) {
			if err == nil && org != "" && org != "*" {
				err = c.CheckOrg(org)
			}
		}
		if err != nil {
			cancel()
			return nil, err
		}
		s.byURL[i.URL] = &issuer{i, &keySet{url: i.JWKS, client: c.Client, now: c.Now, log: c.Log, ctx: ctx}}
		s.accepted = append(s.accepted, i.accepted()...)
	}
	return s, nil
}

// Close ends what is being fetched.
func (s *Issuers) Close() { s.close() }

// Verify implements [Verifier]. Which rule a token broke is nobody's business
// but its issuer's: the error is ErrUnknown for all of them.
func (s *Issuers) Verify(ctx context.Context, bearer string) (Caller, error) {
	if !looksLikeJWT(bearer) || len(s.byURL) == 0 {
		return Caller{}, ErrUnknown
	}
	token, err := jwt.ParseSigned(bearer, s.accepted)
	if err != nil || len(token.Headers) != 1 {
		return Caller{}, ErrUnknown
	}
	var unverified struct {
		Issuer string `json:"iss"`
	}
	if token.UnsafeClaimsWithoutVerification(&unverified) != nil {
		return Caller{}, ErrUnknown
	}
	i := s.byURL[unverified.Issuer]
	alg := jose.SignatureAlgorithm(token.Headers[0].Algorithm)
	if i == nil || !slices.Contains(i.accepted(), alg) {
		return Caller{}, ErrUnknown
	}
	keys, err := i.keys.find(ctx, token.Headers[0].KeyID, alg)
	if err != nil {
		return Caller{}, err
	}
	for _, key := range keys {
		var standard jwt.Claims
		var all map[string]any
		if token.Claims(key.Key, &standard, &all) == nil {
			return s.caller(i, standard, all)
		}
	}
	return Caller{}, ErrUnknown
}

// caller makes of verified claims who is calling.
func (s *Issuers) caller(i *issuer, standard jwt.Claims, all map[string]any) (Caller, error) {
	if standard.Expiry == nil {
		return Caller{}, ErrUnknown
	}
	expected := jwt.Expected{Issuer: i.URL, AnyAudience: i.Audience, Time: s.now()}
	if standard.ValidateWithLeeway(expected, i.Skew) != nil {
		return Caller{}, ErrUnknown
	}
	c := Caller{Org: i.Org, User: text(all, i.Claims.User), Credential: i.URL}
	if c.User == "" || checkText("user", c.User) != nil {
		return Caller{}, fmt.Errorf("%w: the claim of the user is missing", ErrNoPlace)
	}
	if id := standard.ID; id != "" && checkText("jti", id) == nil {
		c.Credential += " " + id
	}
	if verified, ok := all["email_verified"].(bool); !ok || verified {
		if c.Email = text(all, i.Claims.Email); checkText("email", c.Email) != nil {
			c.Email = ""
		}
	}
	if c.Org == "" {
		c.Org = text(all, i.Claims.Org)
		if c.Org == "" || s.checkOrg(c.Org) != nil || !slices.Contains(i.Orgs, c.Org) && !slices.Contains(i.Orgs, "*") {
			return Caller{}, fmt.Errorf("%w: the claim of the organization names none of this issuer's", ErrNoPlace)
		}
	}
	if c.Role = i.role(values(all, i.Claims.Role)); c.Role == "" {
		return Caller{}, fmt.Errorf("%w: the claim of the role names none", ErrNoPlace)
	}
	return c, nil
}

// role is the highest that one of the values stands for.
func (i *issuer) role(said []string) Role {
	for _, role := range []Role{Admin, Member} {
		for _, value := range i.Roles[role] {
			if slices.Contains(said, value) {
				return role
			}
		}
	}
	return i.Role
}

// maxValues is how many values of a claim are looked at.
const maxValues = 200

// values returns the texts of a claim: one, or a list of them.
func values(claims map[string]any, path []string) []string {
	var v any = claims
	for _, name := range path {
		object, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = object[name]
	}
	switch v := v.(type) {
	case string:
		return []string{v}
	case json.Number:
		return []string{v.String()}
	case []any:
		var list []string
		for _, item := range v[:min(len(v), maxValues)] {
			if s, ok := item.(string); ok {
				list = append(list, s)
			}
		}
		return list
	}
	return nil
}

// text returns the one text of a claim, or nothing: of several none is chosen.
func text(claims map[string]any, path []string) string {
	if list := values(claims, path); len(list) == 1 {
		return list[0]
	}
	return ""
}
