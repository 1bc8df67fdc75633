package main

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime/httpapi/admin"
)

// caVariable holds the file of --cacert.
const caVariable = "ANNEX_CACERT"

// networkFlags say how a command speaks to a host elsewhere.
type networkFlags struct {
	host, token, ca *string
	plain           *bool
}

func addNetworkFlags(cmd *cobra.Command) networkFlags {
	f := cmd.Flags()
	return networkFlags{
		host:  f.String("host", "", "speak to the host at this URL instead of a data directory ("+hostVariable+")"),
		token: f.String("token", "", "token for --host; better in "+tokenVariable+", where others do not see it"),
		ca:    f.String("cacert", "", "file of certificates (PEM) that vouch for --host, in place of the system's ("+caVariable+")"),
		plain: f.Bool("plain-http", false, "send the token to an http:// address that is not this machine's, where whoever carries it can read it"),
	}
}

// client speaks to the host at origin.
func (n networkFlags) client(origin string) (*admin.Client, error) {
	u, err := url.Parse(origin)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.User != nil {
		return nil, usagef("--host %s: want a URL such as https://annex.example.com", origin)
	}
	if *n.token == "" {
		return nil, usagef("--host needs a token: --token, or %s", tokenVariable)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	switch {
	case u.Scheme == "http" && *n.ca != "":
		return nil, usagef("--cacert is for https, and --host is %s", origin)
	case u.Scheme == "http" && !*n.plain && !thisMachine(u.Hostname()):
		return nil, usagef("--host %s: whoever carries http can read the token; use https, or say --plain-http", origin)
	case *n.ca != "":
		if transport.TLSClientConfig, err = vouchedBy(*n.ca); err != nil {
			return nil, err
		}
	}
	return &admin.Client{Transport: transport, URL: u.Scheme + "://" + u.Host, Token: *n.token}, nil
}

// vouchedBy accepts what the certificates in a file vouch for, and nothing else.
func vouchedBy(file string) (*tls.Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, usagef("--cacert: %v", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, usagef("--cacert %s: there is no certificate in it", file)
	}
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, nil
}

// thisMachine reports whether requests to a host name cannot leave the machine.
func thisMachine(host string) bool {
	if host == "localhost" {
		addrs, err := net.LookupIP(host)
		for _, a := range addrs {
			if !a.IsLoopback() {
				return false
			}
		}
		return err == nil
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
