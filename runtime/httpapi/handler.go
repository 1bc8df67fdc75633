package httpapi

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/annexhost/annex/runtime"
)

// Host is what a [Handler] needs of a runtime.Host.
type Host interface {
	// Invoke answers one call. Its error is nil or a *sandbox.Error; the reply
	// says as much as is known in either case. A call of a method that the path
	// does not have is NotFound, with Reply.Allow naming those that it has.
	Invoke(ctx context.Context, call runtime.Call) (runtime.Reply, error)
}

// Doors knows the public addresses of installations.
type Doors interface {
	// OpenDoor returns whose address token is part of. The error is a
	// *sandbox.Error, of code NotFound for an address that does not exist.
	// The token is what a stranger sent: at most 128 letters, digits, dots,
	// hyphens and underscores.
	OpenDoor(ctx context.Context, token string) (org, extension string, err error)
}

// Config is what a [Handler] is made of. A zero field means the default, given
// in parentheses.
type Config struct {
	Host  Host          // required
	Auth  Authenticator // required
	Doors Doors         // public addresses (none exist)

	// Health says what is wrong with the host, for /healthz (nothing ever is).
	Health func(context.Context) error

	// Ready says why the host cannot take requests now, for /readyz (Health).
	Ready func(context.Context) error

	// BaseURL is the origin that callers see, such as "https://apps.example.com",
	// for the URL that handlers are given (http or https and the Host header).
	BaseURL string

	// Dev shows the stack of an error that a handler threw in the answer, in its
	// author's files and lines: for the author's own machine.
	Dev bool

	// Hosts gives host names, in lower case and without a port, to the
	// organizations whose public routes are at /public/<id>/<path> and
	// /extensions/<id>/<path> there. SingleOrg is the one of all other names;
	// empty: there is none. Both are the operator's: with them the address that
	// an anonymous caller uses names an organization, and still no header but
	// the name of the host does.
	Hosts     map[string]string
	SingleOrg string

	// TrustedProxies may say for whom they speak, by X-Forwarded-For, -Proto and
	// -Host. From everybody else these fields are ignored and dropped (nobody).
	TrustedProxies []netip.Prefix

	// Origins are those whose pages may call, such as "https://app.example.com",
	// or "*" (none).
	Origins []string

	MaxBody      int64         // bytes of a request's body (1 MiB)
	MaxHeld      int64         // bytes of all bodies, in and out, before requests are refused (256 MiB)
	BodyTimeout  time.Duration // for a body to arrive (30 s)
	WriteTimeout time.Duration // for an answer to be taken (30 s)

	// Log gets a line for each request: its id and outcome, never the path
	// that a caller made up, a query or a credential (none).
	Log hclog.Logger
}

// Handler is the HTTP surface of a host. It is safe for concurrent use.
type Handler struct {
	cfg  Config
	held atomic.Int64 // bytes of bodies, in and out
	hsts bool         // callers see https, and only that
}

// New returns a Handler, or says what is missing in c.
func New(c Config) (*Handler, error) {
	if c.Host == nil || c.Auth == nil {
		return nil, errors.New("httpapi: a handler needs Host and Auth")
	}
	if c.MaxBody < 0 || c.MaxHeld < 0 || c.BodyTimeout < 0 || c.WriteTimeout < 0 {
		return nil, errors.New("httpapi: bodies and waiting for them need bounds: a limit is negative")
	}
	setDefault(&c.MaxBody, 1<<20)
	setDefault(&c.MaxHeld, 256<<20)
	setDefault(&c.BodyTimeout, 30*time.Second)
	setDefault(&c.WriteTimeout, 30*time.Second)
	if c.Log == nil {
		c.Log = hclog.NewNullLogger()
	}
	return &Handler{cfg: c, hsts: strings.HasPrefix(c.BaseURL, "https://")}, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// ServeHTTP answers one request and logs it, whatever happens on the way.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{h: h, w: w, r: r, id: requestID(r.Header), began: time.Now(), unread: hasBody(r), peer: h.peer(r)}
	defer x.end()
	if err := x.serve(); err != nil {
		x.fail(err)
	}
}
