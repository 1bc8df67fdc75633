package httpapi

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

// answer writes what a handler returned.
func (x *exchange) answer() error {
	r := &x.reply
	if r.Status < 200 || r.Status > 599 {
		return errors.New("httpapi: the host answered with status " + strconv.Itoa(r.Status))
	}
	h := x.w.Header()
	for _, field := range r.Header {
		name := http.CanonicalHeaderKey(field[0])
		switch name {
		case "Connection", "Content-Length", "Date", "Keep-Alive", "Set-Cookie", "Trailer", "Transfer-Encoding", "Upgrade":
			continue // framing and cookies are no extension's, should one ever get this far
		}
		if before := h[name]; before != nil {
			h[name] = append(before, field[1])
		} else {
			x.set(name, field[1])
		}
	}
	if _, ok := h["Content-Type"]; !ok && len(r.Body) > 0 && !isBare(r.Status) {
		h["Content-Type"] = octetStream // never guessed
	}
	x.write(r.Status, r.Body)
	return nil
}

// fail answers err.
func (x *exchange) fail(err error) {
	e := asError(err)
	a := outcome(e)
	message := e.Message
	switch {
	case a == internal:
		x.h.cfg.Log.Error("fault of the host", "request", x.id, "error", err)
		message = "Internal server error"
	case x.public && a.Status == http.StatusNotFound:
		message = "No handler found" // and whose address it is, is not for strangers
	}
	if a.Status == http.StatusUnauthorized {
		x.set("Www-Authenticate", "Bearer")
	}
	retry := max(e.RetryAfter, x.reply.Rate.RetryAfter)
	if a.Error == "UNAVAILABLE" {
		retry = max(1, retry)
	}
	if retry > 0 {
		x.set("Retry-After", strconv.Itoa(retry))
	}
	x.failure = a.Error
	h := x.w.Header()
	h["Content-Type"] = applicationJSON
	h["Cache-Control"] = noStore
	body := errorBody(a.Error, message, x.id)
	if x.h.cfg.Dev && e.Stack != "" && a != internal {
		body = append(append(body[:len(body)-1], `,"stack":`...), appendString(nil, e.Stack)...)
		body = append(body, '}')
	}
	x.write(a.Status, body)
}

// otherMethod answers a request for a path that has other methods only. The
// host answers OPTIONS itself; what pages of other origins ask is in cors.go.
func (x *exchange) otherMethod(err error) error {
	allow := slices.Clone(x.reply.Allow)
	if slices.Contains(allow, http.MethodGet) {
		allow = append(allow, http.MethodHead)
	}
	allow = append(allow, http.MethodOptions)
	slices.Sort(allow)
	x.set("Allow", strings.Join(slices.Compact(allow), ", "))
	if x.r.Method == http.MethodOptions {
		x.write(http.StatusNoContent, nil)
		return nil
	}
	return &sandbox.Error{Code: sandbox.NotFound, Reason: ReasonMethod, Message: asError(err).Message}
}

// write sends an answer with the headers that every answer has.
func (x *exchange) write(status int, body []byte) {
	h := x.w.Header()
	x.set("X-Request-Id", x.id)
	h["X-Content-Type-Options"] = nosniff
	h["Content-Security-Policy"] = sandboxed
	if x.h.hsts {
		h["Strict-Transport-Security"] = twoYears
	}
	if x.public {
		h["Referrer-Policy"] = noReferrer // the address itself is what must not be told
	}
	x.share()
	x.limits()
	if x.ends() {
		h["Connection"] = closing
	}
	bare := isBare(status)
	if !bare && (len(body) > fewBytes || x.unread || x.r.Method == http.MethodHead) {
		x.set("Content-Length", strconv.Itoa(len(body)))
	}
	x.hold(int64(len(body)))
	if time.Since(x.began) > time.Second {
		// The server's own deadline runs since the request came.
		_ = http.NewResponseController(x.w).SetWriteDeadline(time.Now().Add(x.h.cfg.WriteTimeout))
	}
	x.status = status
	x.w.WriteHeader(status)
	if !bare && x.r.Method != http.MethodHead {
		x.out, _ = x.w.Write(body) // the caller may be gone; the log has what was written
	}
	if x.unread {
		x.drain()
	}
}

// isBare reports whether an answer of status has no body.
func isBare(status int) bool {
	return status == http.StatusNoContent || status == http.StatusNotModified
}

// limits writes what the host says of the call, once it was resolved.
func (x *exchange) limits() {
	if rate := &x.reply.Rate; rate.Limit > 0 {
		x.set("X-Ratelimit-Limit", strconv.Itoa(rate.Limit))
		x.set("X-Ratelimit-Remaining", strconv.Itoa(rate.Remaining))
		x.set("X-Ratelimit-Reset", formatInt(rate.Reset.Add(time.Second-1).Unix()))
	}
	if x.reply.Route != "" {
		x.set("X-Extension-Execution-Time", formatInt(x.reply.Ledger.Wall.Milliseconds()))
	}
}

// ends reports whether the connection must not outlive the answer: because its
// body was not read, or because others may see another end of it.
func (x *exchange) ends() bool { return x.unread || hasTwoEnds(x.r) }

// hasTwoEnds reports whether others may see another end of a request than we do
// (a chunked one that also had a length; any of HTTP/1.0, where we do not know
// chunks). What a proxy in front took for a part of it would then be read as a
// request of its own.
func hasTwoEnds(r *http.Request) bool { return len(r.TransferEncoding) > 0 || !r.ProtoAtLeast(1, 1) }

// set writes a header field.
func (x *exchange) set(name, value string) {
	h := x.w.Header()
	if x.used == len(x.values) {
		h[name] = []string{value}
		return
	}
	x.values[x.used] = value
	h[name] = x.values[x.used : x.used+1 : x.used+1]
	x.used++
}

// fewBytes is a length of body up to which net/http adds Content-Length itself.
// A handler's answer has eight fields then, which is what a map holds before it
// grows: a tenth of the cost of the answer.
const fewBytes = 1024

// Values that many answers share. Nobody writes to them.
var (
	applicationJSON = []string{"application/json"}
	octetStream     = []string{"application/octet-stream"}
	noStore         = []string{"no-store"}
	nosniff         = []string{"nosniff"}
	sandboxed       = []string{"sandbox"}
	closing         = []string{"close"}
	noReferrer      = []string{"no-referrer"}
	twoYears        = []string{"max-age=63072000"}
)

func formatInt(n int64) string { return strconv.FormatInt(n, 10) }
