package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// trusting believes every certificate: those of scripts are made for them.
var trusting = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}

// startIssuer serves the key of an issuer until the script ends.
func startIssuer(ts *testscript.TestScript, _ bool, args []string) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	ts.Check(err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k1","use":"sig","x":%q}]}`, base64.RawURLEncoding.EncodeToString(public))
	}))
	ts.Defer(server.Close)
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	ts.Check(err)
	fmt.Fprintf(f, `
identity:
  issuers:
    - issuer: https://id.example.com/
      jwks: %s/keys
      audience: annex
      algorithms: [EdDSA]
      orgs: [demo]
      claims:
        org: org
        role: [realm, roles]
      roles:
        admin: [owner]
        member: [user]
`, server.URL)
	ts.Check(f.Close())
	ts.Setenv("SIGNER", base64.RawURLEncoding.EncodeToString(private))
}

// takeJWT signs claims: those given, over an issuer, an audience and an expiry.
func takeJWT(ts *testscript.TestScript, _ bool, args []string) {
	private, err := base64.RawURLEncoding.DecodeString(ts.Getenv("SIGNER"))
	ts.Check(err)
	claims := map[string]any{"iss": "https://id.example.com/", "aud": "annex", "exp": time.Now().Add(time.Hour).Unix()}
	ts.Check(json.Unmarshal([]byte(args[0]), &claims))
	payload, err := json.Marshal(claims)
	ts.Check(err)
	b64 := base64.RawURLEncoding.EncodeToString
	signed := b64([]byte(`{"alg":"EdDSA","kid":"k1"}`)) + "." + b64(payload)
	ts.Setenv("TOKEN", signed+"."+b64(ed25519.Sign(private, []byte(signed))))
}
