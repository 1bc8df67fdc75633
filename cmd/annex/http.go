package main

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/admission"
	"github.com/annexhost/annex/runtime/httpapi"
	"github.com/annexhost/annex/runtime/identity"
)

// httpFlags are the operator's choices about HTTP and those who speak it.
type httpFlags struct {
	publicURL                string
	trustedProxy, corsOrigin []string
	tlsCert, tlsKey          string
	singleOrg                bool
	publicRate, body, header string
	conns, clientConns       int

	waitHeader, waitBody, waitAnswer, waitIdle string

	config func() string // file of settings
}

func addHTTPFlags(cmd *cobra.Command) *httpFlags {
	h := &httpFlags{}
	f := cmd.Flags()
	f.StringVar(&h.publicURL, "public-url", "", "origin that callers see, such as https://apps.example.com")
	f.StringArrayVar(&h.trustedProxy, "trusted-proxy", nil, "network of proxies whose X-Forwarded-For, -Proto and -Host are believed (repeatable)")
	f.StringVar(&h.tlsCert, "tls-cert", "", "file of the certificate in PEM, with its chain; read again when it changes")
	f.StringVar(&h.tlsKey, "tls-key", "", "file of its key")
	f.StringArrayVar(&h.corsOrigin, "cors-origin", nil, "origin whose pages may call, such as https://app.example.com, or * (repeatable)")
	f.BoolVar(&h.singleOrg, "single-org", false, "the public routes of --org are also at /public/ID/PATH and /extensions/ID/PATH")
	f.StringVar(&h.publicRate, "limit-public-rate", "100/m", "calls a minute of anonymous callers for each organization and extension, or off")
	f.StringVar(&h.body, "limit-body", "1MiB", "size of a request's body")
	f.StringVar(&h.header, "limit-header", "32KiB", "size of a request's header")
	f.IntVar(&h.conns, "limit-conns", 4096, "connections at once; others wait")
	f.IntVar(&h.clientConns, "limit-client-conns", 1024, "connections at once of one address, but for this machine and trusted proxies; more are closed")
	f.StringVar(&h.waitHeader, "timeout-header", "10s", "time for a request's header to arrive")
	f.StringVar(&h.waitBody, "timeout-body", "30s", "time for a request's body to arrive")
	f.StringVar(&h.waitAnswer, "timeout-answer", "30s", "time for an answer to be taken")
	f.StringVar(&h.waitIdle, "timeout-idle", "72s", "time between two requests of a connection")
	h.config = func() string { return cmd.Flag("config").Value.String() }
	return h
}

// httpSettings is what the flags and the file say, checked.
type httpSettings struct {
	handler    httpapi.Config       // without what the host gives
	server     httpapi.ServerConfig // without its handler
	publicRate int
	issuers    *identity.Issuers // nil: none
}

// settings checks what was given. org is that of --single-org.
func (h *httpFlags) settings(org string, log hclog.Logger) (s httpSettings, err error) {
	file, err := readStructured(h.config())
	if err != nil {
		return s, err
	}
	s.handler.Hosts = file.Hosts
	if h.singleOrg {
		s.handler.SingleOrg = org
	}
	if s.handler.BaseURL, err = parseOrigin("public-url", h.publicURL, true); err != nil {
		return s, err
	}
	for _, text := range h.corsOrigin {
		origin, err := parseOrigin("cors-origin", text, false)
		if err != nil {
			return s, err
		}
		s.handler.Origins = append(s.handler.Origins, origin)
	}
	if s.handler.TrustedProxies, err = parseProxies(h.trustedProxy); err != nil {
		return s, err
	}
	if s.publicRate, err = admission.ParseRate(h.publicRate); err != nil {
		return s, usagef("--limit-public-rate %s: want a number a minute such as 100/m, or off", h.publicRate)
	}
	if err := h.bounds(&s); err != nil {
		return s, err
	}
	if err := h.certificate(&s, log); err != nil {
		return s, err
	}
	s.issuers, err = newIssuers(file.Identity.Issuers, log)
	return s, err
}

// url is the origin at which a server on addr is reached.
func (s *httpSettings) url(addr net.Addr) string {
	switch {
	case s.handler.BaseURL != "":
		return s.handler.BaseURL
	case s.server.Certificate != nil:
		return "https://" + addr.String()
	}
	return "http://" + addr.String()
}

// bounds reads the limits: none of them can be off, for what strangers send
// without one ends with the host.
func (h *httpFlags) bounds(s *httpSettings) error {
	for _, d := range []struct {
		flag, value string
		into        []*time.Duration
	}{
		{"timeout-header", h.waitHeader, []*time.Duration{&s.server.HeaderTimeout}},
		{"timeout-body", h.waitBody, []*time.Duration{&s.handler.BodyTimeout}},
		{"timeout-answer", h.waitAnswer, []*time.Duration{&s.server.WriteTimeout, &s.handler.WriteTimeout}},
		{"timeout-idle", h.waitIdle, []*time.Duration{&s.server.IdleTimeout}},
	} {
		t, err := parseDuration(d.flag, d.value)
		if err != nil || t == runtime.Unlimited {
			return usagef("--%s %s: want a time such as 30s", d.flag, d.value)
		}
		for _, into := range d.into {
			*into = t
		}
	}
	header, err := parseSize("limit-header", h.header)
	if err != nil || header == runtime.Unlimited || header > 1<<20 {
		return usagef("--limit-header %s: want a size such as 32KiB, at most 1MiB", h.header)
	}
	body, err := parseSize("limit-body", h.body)
	if err != nil || body == runtime.Unlimited || body > 64<<20 {
		return usagef("--limit-body %s: want a size such as 1MiB, at most 64MiB", h.body)
	}
	if h.conns < 1 || h.clientConns < 1 {
		return usagef("--limit-conns and --limit-client-conns: want at least 1")
	}
	s.server.MaxHeaderBytes, s.handler.MaxBody = int(header), body
	s.server.MaxConns, s.server.ClientConns = h.conns, h.clientConns
	proxies := s.handler.TrustedProxies
	s.server.Exempt = func(a netip.Addr) bool {
		return slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	return nil
}

// certificate reads the certificate, if there is one.
func (h *httpFlags) certificate(s *httpSettings, log hclog.Logger) (err error) {
	if h.tlsCert == "" && h.tlsKey == "" {
		return nil
	}
	if h.tlsCert == "" || h.tlsKey == "" {
		return usagef("--tls-cert and --tls-key go together")
	}
	if s.server.Certificate, err = httpapi.LoadCertificate(h.tlsCert, h.tlsKey, log); err != nil {
		return usagef("--tls-cert and --tls-key: %v", err)
	}
	return nil
}

// parseOrigin checks a scheme and a host, and nothing else.
func parseOrigin(flag, value string, single bool) (string, error) {
	if value == "" && single || value == "*" && !single {
		return value, nil
	}
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil ||
		u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return "", usagef("--%s %s: want a scheme and a host such as https://apps.example.com", flag, value)
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), nil
}

// parseProxies reads networks, or single addresses.
func parseProxies(list []string) (networks []netip.Prefix, err error) {
	for _, text := range list {
		if a, err := netip.ParseAddr(text); err == nil {
			networks = append(networks, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil || p.Bits() == 0 {
			return nil, usagef("--trusted-proxy %s: want a network such as 10.0.0.0/8, or an address", text)
		}
		networks = append(networks, p.Masked())
	}
	return networks, nil
}

// serveUntilDone serves with the settings of a server for the author's own
// machine until ctx is done, then lets what runs finish.
func serveUntilDone(ctx context.Context, l net.Listener, api http.Handler, log hclog.Logger) error {
	return serveWith(ctx, l, httpapi.ServerConfig{Handler: api, Log: log.Named("http")}, log)
}

// serveWith serves until ctx is done, then lets what runs finish.
func serveWith(ctx context.Context, l net.Listener, c httpapi.ServerConfig, log hclog.Logger) error {
	server := httpapi.NewServer(c)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	log.Info("shutting down: running invocations finish first", "atMost", drainTime)
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		return err
	}
	return <-ended
}
