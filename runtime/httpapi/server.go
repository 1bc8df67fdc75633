package httpapi

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/hashicorp/go-hclog"
)

// ServerConfig is what a [Server] is made of. A zero field means the default,
// given in parentheses.
type ServerConfig struct {
	Handler http.Handler // required

	HeaderTimeout  time.Duration // for a request's header to arrive (10 s)
	IdleTimeout    time.Duration // between two requests of a connection (72 s)
	WriteTimeout   time.Duration // for an answer to be taken; a [Handler] begins it anew for a late answer (30 s)
	MaxHeaderBytes int           // of a request line and its header (32 KiB, and 4 KiB of tolerance)
	MaxConns       int           // connections at once; others wait to be accepted (4,096)

	// ClientConns is how many connections one address, or one /64 of IPv6, may
	// have; one more is closed (1,024; negative: as many as there are). This
	// machine and those that Exempt knows, such as proxies, may have all.
	ClientConns int
	Exempt      func(netip.Addr) bool

	Certificate *Certificate // serve TLS with it (none: in the clear)

	// Grace is how long requests that were told to end have to answer (5 s).
	Grace time.Duration

	Log hclog.Logger // (none)
}

// Server serves HTTP/1.1, over TLS where it has a certificate, to strangers: every wait for them has an end.
type Server struct {
	http     http.Server
	maxConns int
	share    int
	exempt   func(netip.Addr) bool
	tls      *tls.Config
	grace    time.Duration
	cancel   context.CancelCauseFunc // ends the requests that run
}

// errShutdown is the cause of a request's context that the server ended.
var errShutdown = errors.New("httpapi: the server shuts down")

// NewServer returns a server that does not serve yet.
func NewServer(c ServerConfig) *Server {
	setDefault(&c.HeaderTimeout, 10*time.Second)
	setDefault(&c.IdleTimeout, 72*time.Second)
	setDefault(&c.WriteTimeout, 30*time.Second)
	setDefault(&c.MaxHeaderBytes, 32<<10)
	setDefault(&c.MaxConns, 4096)
	setDefault(&c.ClientConns, 1024)
	setDefault(&c.Grace, 5*time.Second)
	if c.Log == nil {
		c.Log = hclog.NewNullLogger()
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	s := &Server{maxConns: c.MaxConns, share: c.ClientConns, exempt: c.Exempt, grace: c.Grace, cancel: cancel}
	if c.Certificate != nil {
		s.tls = c.Certificate.Config()
	}
	s.http = http.Server{
		Handler: marked(c.Handler),
		// No ReadTimeout: a Handler bounds the reading of bodies, on any server.
		ReadHeaderTimeout: c.HeaderTimeout,
		IdleTimeout:       c.IdleTimeout,
		WriteTimeout:      c.WriteTimeout,
		MaxHeaderBytes:    c.MaxHeaderBytes,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnContext:       func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) },
		ErrorLog:          c.Log.StandardLogger(&hclog.StandardLoggerOptions{ForceLevel: hclog.Debug}),
		Protocols:         new(http.Protocols),
		// OPTIONS * is answered like any path that is none.
		DisableGeneralOptionsHandler: true,
	}
	s.http.Protocols.SetHTTP1(true)
	return s
}

// connKey is under what the context of a request has its connection.
type connKey struct{}

// marked notes on a connection that a handler answers there, and ends it after
// a request that others may read otherwise, whoever answers it.
func marked(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if hasTwoEnds(r) {
			w.Header()["Connection"] = closing
		}
		switch c := r.Context().Value(connKey{}).(type) {
		case *boundedConn:
			c.handled.Store(true)
		case *tlsConn:
			c.handled.Store(true)
		}
		h.ServeHTTP(w, r)
	})
}

// Serve accepts connections from l until Shutdown, and returns nil then. It
// closes l.
func (s *Server) Serve(l net.Listener) error {
	bounded := net.Listener(newBoundedListener(l, s.maxConns, s.share, s.exempt))
	if s.tls != nil {
		bounded = tlsListener{bounded, s.tls}
	}
	err := s.http.Serve(bounded)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Shutdown stops accepting, and waits until the requests that run have been
// answered. When ctx is done first it ends their contexts and gives them Grace
// to say so; what is left then is cut off. The error says that requests were
// ended before they were done.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	s.cancel(errShutdown)
	if err == nil {
		return nil
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.grace)
	defer cancel()
	if s.http.Shutdown(grace) == nil {
		return errors.New("httpapi: requests were ended before they were done")
	}
	if err := s.http.Close(); err != nil {
		return err
	}
	return errors.New("httpapi: requests that did not end were cut off")
}
