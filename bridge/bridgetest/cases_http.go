package bridgetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/bridge/egress"
	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/sandbox"
)

const address = "https://" + Host + "/v1?q=1"

// stub answers address.
func stub(f *Fixture) {
	f.Fetcher.Stub(address, egress.Response{
		Status: 201, StatusText: "Created", URL: address,
		Header: [][2]string{{"content-type", "text/plain"}, {"x-quote", `a"b`}}, Body: []byte("hi"),
	})
}

// sent checks the one request that reached the network.
func sent(want string) func(f *Fixture) error {
	return func(f *Fixture) error {
		if got := fmt.Sprint(f.Fetcher.Requests()); got != want {
			return fmt.Errorf("requests are %s, want %s", got, want)
		}
		return nil
	}
}

func httpCases() []Case {
	const answer = `{"ok":true,"status":201,"statusText":"Created","url":"https://api.example.com/v1?q=1","redirected":false,` +
		`"headers":[["content-type","text/plain"],["x-quote","a\"b"]],"body":{"$blob":0}}`
	hops := func(hosts ...string) func(*Fixture) {
		return func(f *Fixture) { stub(f); f.Fetcher.Hops = hosts }
	}
	const other = "Domain other.example.com not in extension's allowed domains"
	return []Case{
		{Method: "http.fetch", Rule: "a granted host answers", Prepare: stub, Args: `{"url":"` + address + `"}`, Want: answer,
			After: sent("[{https://api.example.com/v1?q=1  [[User-Agent Annex-Extension/acme.notes]] []  inv-1 []}]")},
		{Method: "http.fetch", Rule: "method, header, body and redirect are passed on", Prepare: stub, Args: `{"url":"` + address + `","method":"POST","headers":[["A","b"],["user-agent","mine"]],"body":"x","redirect":"error"}`, Want: answer,
			After: sent("[{https://api.example.com/v1?q=1 POST [[A b] [user-agent mine]] [120] error inv-1 []}]")},
		{Method: "http.fetch", Rule: "a null body is none", Prepare: stub, Args: `{"url":"` + address + `","body":null}`, Want: answer},
		{Method: "http.fetch", Rule: "a host is compared after lower-casing and without its trailing dot", Prepare: stub, Args: `{"url":"https://API.Example.com./"}`, Code: sandbox.Unavailable, Text: "no stub"},
		{Method: "http.fetch", Rule: "a host that is not granted is denied by name", Args: `{"url":"https://other.example.com/"}`, Code: sandbox.Denied, Text: other, After: sent("[]")},
		{Method: "http.fetch", Rule: "a name under a granted one is another name", Args: `{"url":"https://a.api.example.com/"}`, Code: sandbox.Denied, Text: "Domain a.api.example.com not in"},
		{Method: "http.fetch", Rule: "a host before an @ is no host", Args: `{"url":"https://api.example.com@other.example.com/"}`, Code: sandbox.Denied, Text: other},
		{Method: "http.fetch", Rule: "http:fetch grants every host", Config: Config{Granted: []permissions.Permission{permissions.HTTPFetch}}, Prepare: stub, Args: `{"url":"` + address + `"}`, Want: answer},
		{Method: "http.fetch", Rule: "the host of a redirect must be granted too", Prepare: hops("other.example.com"), Args: `{"url":"` + address + `"}`, Code: sandbox.Denied, Text: other, After: sent("[]")},
		{Method: "http.fetch", Rule: "redirects count as requests", Config: Config{Limits: bridge.Limits{Fetches: 2}}, Prepare: hops(Host, Host), Args: `{"url":"` + address + `"}`, Code: sandbox.Exhausted, Text: "Request limit exceeded: maximum 2 in one invocation"},
		{Method: "http.fetch", Rule: "an answer from a fetcher that did not ask is not handed on", Prepare: func(f *Fixture) { stub(f); f.Fetcher.Mute = true }, Args: `{"url":"` + address + `"}`, Code: sandbox.Internal},
		{Method: "http.fetch", Rule: "an address instead of a name is denied", Args: `{"url":"http://127.0.0.1/"}`, Code: sandbox.Denied, Text: "Domain 127.0.0.1 not in"},
		{Method: "http.fetch", Rule: "http:fetch grants no address", Config: Config{Granted: []permissions.Permission{permissions.HTTPFetch}}, Args: `{"url":"http://[::1]/"}`, Code: sandbox.Denied, Text: "Domain ::1 not in"},
		{Method: "http.fetch", Rule: "a text that is no address is refused", Args: `{"url":"http://a b/"}`, Code: sandbox.Invalid, Text: "Invalid URL"},
		{Method: "http.fetch", Rule: "an address without a host is refused", Args: `{"url":"/v1"}`, Code: sandbox.Invalid, Text: "Invalid URL"},
		{Method: "http.fetch", Rule: "a header field is a pair", Args: `{"url":"` + address + `","headers":[["a"]]}`, Code: sandbox.Invalid, Text: "headers: want [name, value], got less"},
		{Method: "http.fetch", Rule: "a body is no object", Args: `{"url":"` + address + `","body":{"a":1}}`, Code: sandbox.Invalid, Text: "body: want a string or bytes, got an object"},
		{Method: "http.fetch", Rule: "a reference to bytes that were not sent is refused", Args: `{"url":"` + address + `","body":{"$blob":0}}`, Code: sandbox.Invalid, Text: "body: malformed reference to bytes"},
		{Method: "http.fetch", Rule: "an exchange that failed says how", Prepare: func(f *Fixture) {
			f.Fetcher.Err = &egress.Error{Kind: egress.Timeout, Host: Host, Message: "api.example.com took too long"}
		}, Args: `{"url":"` + address + `"}`, Code: sandbox.Timeout, Text: "api.example.com took too long"},
		{Method: "http.fetch", Rule: "an address that extensions may not reach is denied", Prepare: func(f *Fixture) {
			f.Fetcher.Err = &egress.Error{Kind: egress.Denied, Host: Host, Message: "api.example.com is not public"}
		}, Args: `{"url":"` + address + `"}`, Code: sandbox.Denied, Text: "is not public", After: func(f *Fixture) error {
			if err := f.Session.Close(context.Background()); err != nil {
				return err
			}
			return audited("denied address of " + Host)(f)
		}},
	}
}

// sealed checks the fields that hold secrets in the one request that was sent.
func sealed(want string) func(f *Fixture) error {
	return func(f *Fixture) error {
		sent := f.Fetcher.Requests()
		if len(sent) != 1 {
			return fmt.Errorf("%d requests were sent, want 1", len(sent))
		}
		if got := fmt.Sprint(sent[0].Bound); got != want {
			return fmt.Errorf("sealed fields are %s, want %s", got, want)
		}
		return nil
	}
}

func httpSecretCases() []Case {
	const value = "s3cret-value"
	with := func(more ...func(*Fixture)) func(*Fixture) {
		return func(f *Fixture) {
			secret("token", value)(f)
			secret("other", "an0ther")(f)
			stub(f)
			for _, m := range more {
				m(f)
			}
		}
	}
	const answer = `{"ok":true,"status":201,"statusText":"Created","url":"https://api.example.com/v1?q=1","redirected":false,` +
		`"headers":[["content-type","text/plain"],["x-quote","a\"b"]],"body":{"$blob":0}}`
	auth := func(auth string) string { return `{"url":"` + address + `","auth":` + auth + `}` }
	field := func(value string) string { return `{"url":"` + address + `","headers":[["X-Key","` + value + `"]]}` }
	echo := func(f *Fixture) {
		f.Fetcher.Stub(address, egress.Response{
			Status: 200, StatusText: value, URL: address,
			Header: [][2]string{{"x-echo", "Bearer " + value}}, Body: []byte("got czNjcmV0LXZhbHVl"),
		})
	}
	noUse := Config{Granted: []permissions.Permission{permissions.Domain(Host), permissions.SecretsRead, permissions.SecretsWrite}}
	return []Case{
		{Method: "http.fetch", Rule: "auth sends a secret that the handler does not see, and the audit says where", Prepare: with(), Args: auth(`{"secret":"token"}`), Want: answer,
			After: both(sealed("[{Authorization Bearer s3cret-value [api.example.com]}]"), audited("secret.use token for api.example.com"))},
		{Method: "http.fetch", Rule: "Basic encodes the secret", Prepare: with(), Args: auth(`{"secret":"token","scheme":"Basic"}`), Want: answer,
			After: sealed("[{Authorization Basic czNjcmV0LXZhbHVl [api.example.com]}]")},
		{Method: "http.fetch", Rule: "placeholders in a header value are filled in", Prepare: with(), Args: field("a {{secret:token}}:{{secret:other}}"), Want: answer,
			After: both(sealed("[{X-Key a s3cret-value:an0ther [api.example.com]}]"), audited("secret.use token for api.example.com", "secret.use other for api.example.com"))},
		{Method: "http.fetch", Rule: "a secret that comes back is blanked out", Prepare: with(echo), Args: auth(`{"secret":"token"}`),
			Want: `{"ok":true,"status":200,"statusText":"[REDACTED]","url":"` + address + `","redirected":false,"headers":[["x-echo","Bearer [REDACTED]"]],"body":{"$blob":0}}`},
		{Method: "http.fetch", Rule: "reading and writing secrets is not using them", Config: noUse, Prepare: with(), Args: auth(`{"secret":"token"}`), Code: sandbox.Denied,
			Text: "Permission denied: secrets:use not granted to extension acme.notes", After: both(sent("[]"), audited())},
		{Method: "http.fetch", Rule: "a placeholder needs the permission too", Config: noUse, Prepare: with(), Args: field("{{secret:token}}"), Code: sandbox.Denied, Text: "secrets:use", After: sent("[]")},
		{Method: "http.fetch", Rule: "without the audit no secret is sent", Prepare: with(func(f *Fixture) { f.Audit.Err = errors.New("disk full") }), Args: auth(`{"secret":"token"}`),
			Code: sandbox.Unavailable, Text: "the audit is not available", After: sent("[]")},
		{Method: "http.fetch", Rule: "a secret is not sent to a host that it is not bound to", Config: Config{Granted: []permissions.Permission{permissions.HTTPFetch, permissions.SecretsUse}}, Prepare: with(),
			Args: `{"url":"https://other.example.com/","auth":{"secret":"token"}}`, Code: sandbox.Denied, Text: "secret token is not bound to other.example.com", After: sent("[]")},
		{Method: "http.fetch", Rule: "a secret that is not there is named", Prepare: with(), Args: auth(`{"secret":"absent"}`), Code: sandbox.NotFound, Text: "there is no secret absent", After: sent("[]")},
		{Method: "http.fetch", Rule: "a secret that is too short to be blanked out is not sent", Prepare: with(secret("pin", "12345")), Args: auth(`{"secret":"pin"}`), Code: sandbox.Invalid, Text: "secret pin has fewer than 6 bytes", After: sent("[]")},
		{Method: "http.fetch", Rule: "a scheme is one word", Prepare: with(), Args: auth(`{"secret":"token","scheme":"a b"}`), Code: sandbox.Invalid, Text: "auth.scheme"},
		{Method: "http.fetch", Rule: "a placeholder that is not closed is refused", Prepare: with(), Args: field("{{secret:token"), Code: sandbox.Invalid, Text: "want {{secret:NAME}}", After: sent("[]")},
		{Method: "http.fetch", Rule: "the name in a placeholder is checked", Prepare: with(), Args: field("{{secret:a b}}"), Code: sandbox.Invalid, Text: "Secret name must only contain", After: audited()},
	}
}

// both checks one thing after the other.
func both(checks ...func(f *Fixture) error) func(f *Fixture) error {
	return func(f *Fixture) error {
		for _, check := range checks {
			if err := check(f); err != nil {
				return err
			}
		}
		return nil
	}
}
