package httpapi

import (
	"context"
	"errors"
	"net"
	"net/http"
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

	// Grace is how long requests that were told to end have to answer (5 s).
	Grace time.Duration

	Log hclog.Logger // (none)
}

// Server serves HTTP/1.1 to strangers: every wait for them has an end.
type Server struct {
	http     http.Server
	maxConns int
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
	setDefault(&c.Grace, 5*time.Second)
	if c.Log == nil {
		c.Log = hclog.NewNullLogger()
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	s := &Server{maxConns: c.MaxConns, grace: c.Grace, cancel: cancel}
	s.http = http.Server{
		Handler: c.Handler,
		// No ReadTimeout: a Handler bounds the reading of bodies, on any server.
		ReadHeaderTimeout: c.HeaderTimeout,
		IdleTimeout:       c.IdleTimeout,
		WriteTimeout:      c.WriteTimeout,
		MaxHeaderBytes:    c.MaxHeaderBytes,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          c.Log.StandardLogger(&hclog.StandardLoggerOptions{ForceLevel: hclog.Debug}),
		Protocols:         new(http.Protocols),
		// OPTIONS * is answered like any path that does not exist.
		DisableGeneralOptionsHandler: true,
	}
	s.http.Protocols.SetHTTP1(true)
	return s
}

// Serve accepts connections from l until Shutdown, and returns nil then. It
// closes l.
func (s *Server) Serve(l net.Listener) error {
	err := s.http.Serve(newBoundedListener(l, s.maxConns))
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
