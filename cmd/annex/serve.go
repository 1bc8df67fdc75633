package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime/httpapi"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/manifest"
	"github.com/annexhost/annex/runtime/metrics"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/standard"
)

// drainTime is how long running invocations may take to finish at shutdown.
const drainTime = 30 * time.Second

// serveFlags is annex serve with its flags.
type serveFlags struct {
	cmd         *cobra.Command
	data, log   *string
	listen, org string
	asJSON      bool
	noToken     bool

	isolation *isolationFlags
	record    *recordFlags
	keep      *keepFlags
	approve   *approval
	policy    *policyFlags
	web       *httpFlags
	keys      *keyFlags
}

func newServe() *cobra.Command {
	s := &serveFlags{}
	s.cmd = &cobra.Command{
		Use:   "serve [flags] [PACKAGE…]",
		Short: "Host extensions and answer HTTP requests with their handlers",
		Long: `Installs each PACKAGE (a directory or a .bpx file) for the organization, after
consent, and answers /extensions/ID/PATH until it is interrupted. What was
installed before in the same --data directory is served too, with its state.

The token that is printed is an operator's of this host, for this run, and an
admin's of the organization. Where what is printed is kept, --no-token makes none:
annex token new makes others.`,
		Example: `  annex serve --approve-all examples/hello examples/notes
  annex serve --data /var/lib/annex --listen :7433 --json notes-1.0.0.bpx
  annex serve --resolve api.example.com=127.0.0.1:8443 --allow-cidr 127.0.0.1/32 ./my-extension`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, packages []string) error { return s.run(packages) },
	}
	f := s.cmd.Flags()
	s.data = addDataFlag(s.cmd, "annex-data", "")
	f.StringVar(&s.listen, "listen", "127.0.0.1:7433", "address to listen on; port 0 takes a free one")
	f.StringVar(&s.org, "org", "demo", "organization that the packages are installed for")
	f.BoolVar(&s.asJSON, "json", false, "print one line of JSON once it serves, and nothing else, on standard output")
	f.BoolVar(&s.noToken, "no-token", false, "make and print no operator's token: in a journal it would be that of all who read it")
	s.isolation, s.record, s.keep = addIsolationFlags(s.cmd), addRecordFlags(s.cmd), addKeepFlags(s.cmd)
	s.approve, s.policy = addApprovalFlags(s.cmd), addPolicyFlags(s.cmd)
	s.approve.orPending = true
	s.policy.fair = addFairFlags(s.cmd)
	s.web, s.keys, s.log = addHTTPFlags(s.cmd), addKeyFlags(s.cmd), addLogFlag(s.cmd, "info")
	addSettings(s.cmd)
	return s.cmd
}

// run opens the host, installs the packages, and answers until it is interrupted.
func (s *serveFlags) run(packages []string) error {
	options, err := hostOptions(s.cmd, s.policy, s.keys, *s.log)
	if err != nil {
		return err
	}
	settings, err := s.web.settings(s.org, options.Logger.Named("http"))
	if err != nil {
		return err
	}
	if settings.issuers != nil {
		defer settings.issuers.Close()
	}
	options.Limits.PublicRate, options.Limits.RequestBody = settings.publicRate, settings.handler.MaxBody
	if err := s.apply(&options); err != nil {
		return err
	}
	counted := metrics.New()
	options.Meter = counted
	ctx := s.cmd.Context()
	host, err := openHost(ctx, *s.data, options)
	if err != nil {
		return err
	}
	defer host.Close(context.WithoutCancel(ctx))
	counted.Watch(host.Load, host.State.Bytes)
	addGauges(counted, host)
	apps, err := s.install(host, packages)
	if err != nil {
		return err
	}
	return s.answer(host, options.Logger, settings, counted, apps)
}

// apply fills in the options that flags of their own are about.
func (s *serveFlags) apply(o *standard.Options) (err error) {
	if err := s.isolation.apply(o); err != nil {
		return err
	}
	if o.Record, err = s.record.config(); err != nil {
		return err
	}
	return s.keep.apply(o)
}

// install installs the packages for the organization, which it makes if there is none.
func (s *serveFlags) install(host *standard.Host, packages []string) ([]app, error) {
	ctx := s.cmd.Context()
	_, err := host.State.Registry.CreateOrg(ctx, s.org, "serve --org", time.Now())
	if err != nil && !errors.Is(err, registry.ErrExists) {
		return nil, usagef("--org %q: %v", s.org, err)
	}
	var apps []app
	for _, name := range packages {
		m, err := install(s.cmd, host, s.org, name, s.approve)
		if err != nil {
			return nil, err
		}
		inst, err := host.State.Registry.Get(ctx, s.org, string(m.ID))
		if err != nil {
			return nil, err
		}
		apps = append(apps, app{m, inst.PublicToken})
	}
	return apps, nil
}

// answer opens the doors, says where they are, and serves.
func (s *serveFlags) answer(host *standard.Host, log hclog.Logger, settings httpSettings, counted *metrics.Metrics, apps []app) error {
	token := ""
	if !s.noToken {
		token = httpapi.NewToken()
	}
	auth, err := authenticator(host.State, s.org, token)
	if err != nil {
		return err
	}
	auth = withIssuers(auth, settings.issuers)
	web := settings.handler
	web.Host, web.Doors, web.Auth, web.Health, web.Log = host, host, auth, host.Health, log.Named("http")
	api, err := httpapi.New(web)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		return usagef("--listen: %v", err)
	}
	origin := settings.url(listener.Addr())
	door, err := openDoor(host, auth, *s.data, origin)
	if err != nil {
		return err
	}
	defer door.close()
	greet(s.cmd, greeting{Listen: listener.Addr().String(), URL: origin, Org: s.org, Token: token}, s.asJSON, apps)
	server := settings.server
	server.Handler, server.Log = withAdmin(withMetrics(api, auth, counted), door.handler), log.Named("http")
	return serveWith(s.cmd.Context(), listener, server, log)
}

// withMetrics answers /metrics for who has the token, and passes everything
// else on.
func withMetrics(api http.Handler, auth httpapi.Authenticator, counted *metrics.Metrics) http.Handler {
	scrape := counted.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" {
			api.ServeHTTP(w, r)
			return
		}
		who, err := auth.Authenticate(r.Context(), r)
		if err == nil && !who.May(identity.Operate, who.Org) {
			err = deniedf("the token of an operator of this host is needed")
		}
		if err != nil {
			httpapi.WriteError(w, httpapi.RequestID(r.Header), err)
			return
		}
		scrape.ServeHTTP(w, r)
	})
}

// greeting is the first line of serve --json.
type greeting struct {
	Listen string `json:"listen"`
	URL    string `json:"url"`
	Org    string `json:"org"`
	Token  string `json:"token,omitempty"`
}

// app is what was installed from the command line.
type app struct {
	*manifest.Manifest
	publicToken string // empty unless public routes were approved
}

func greet(cmd *cobra.Command, g greeting, asJSON bool, apps []app) {
	out := cmd.OutOrStdout()
	if asJSON {
		line, _ := json.Marshal(g) // strings
		fmt.Fprintf(out, "%s\n", line)
		return
	}
	fmt.Fprintf(out, "Serving organization %s on %s\n", g.Org, g.URL)
	for _, a := range apps {
		fmt.Fprintf(out, "\n%s %s (%s)\n", a.Name, a.Version, a.ID)
		for _, r := range a.Contributes.APIRoutes {
			fmt.Fprintf(out, "  %-6s %s/extensions/%s/%s\n", r.Method, g.URL, a.ID, r.Path)
			if r.Public && a.publicToken != "" {
				fmt.Fprintf(out, "  %-6s %s/public/%s/%s  (anyone who has this address)\n", r.Method, g.URL, a.publicToken, r.Path)
			}
		}
	}
	if g.Token == "" {
		fmt.Fprint(out, "\nannex token new makes tokens.\n\nInterrupt to stop.\n")
		return
	}
	fmt.Fprintf(out, "\nTry:\n  curl -s -H 'Authorization: Bearer %s' %s\n\nInterrupt to stop.\n", g.Token, tryURL(g.URL, apps))
}

// tryURL is an address that answers: the first GET route, else the health check.
func tryURL(origin string, apps []app) string {
	for _, m := range apps {
		for _, r := range m.Contributes.APIRoutes {
			if r.Method == http.MethodGet {
				return fmt.Sprintf("%s/extensions/%s/%s", origin, m.ID, r.Example())
			}
		}
	}
	return origin + "/healthz"
}
