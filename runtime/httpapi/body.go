package httpapi

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

// firstRead is how much of a body is made room for before it has arrived; the
// room grows with what did arrive, so that a promise of much costs little.
const firstRead = 16 << 10

// hasBody reports whether a body is announced.
func hasBody(r *http.Request) bool {
	return r.Body != nil && r.Body != http.NoBody && r.ContentLength != 0
}

// readBody reads the body in full, within MaxBody and BodyTimeout. A body is
// taken as it was sent: one with a content coding is refused, because a handler
// that checks a signature needs the bytes that were signed, and one that
// unpacked them would need a second limit.
func (x *exchange) readBody() ([]byte, error) {
	if x.h.held.Load() > x.h.cfg.MaxHeld {
		return nil, crowded()
	}
	if !x.unread {
		return nil, nil
	}
	if coding := x.r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return nil, &sandbox.Error{Code: sandbox.Invalid, Reason: reasonEncoding, Message: "Content-Encoding is not accepted: send the body as it is"}
	}
	if x.r.ContentLength > x.h.cfg.MaxBody {
		return nil, x.tooLarge()
	}
	// net/http lifts the deadline when it has seen the end of the body. A server
	// that knows none has its own way.
	_ = http.NewResponseController(x.w).SetReadDeadline(time.Now().Add(x.h.cfg.BodyTimeout))
	body, err := x.readAll()
	x.in = len(body)
	if err != nil {
		return nil, err
	}
	x.unread = false
	return body, nil
}

// readAll reads until the end of the body and counts what it holds.
func (x *exchange) readAll() ([]byte, error) {
	size := int64(firstRead)
	if n := x.r.ContentLength; n > 0 {
		size = min(n, size)
	}
	var body []byte
	for {
		if !x.hold(size - int64(cap(body))) {
			return body, crowded()
		}
		body = append(make([]byte, 0, size), body...)
		n, err := readFull(x.r.Body, body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case int64(len(body)) > x.h.cfg.MaxBody:
			return body, x.tooLarge()
		case err == io.EOF:
			return body, nil
		case err != nil:
			return body, badBody(err)
		}
		size = min(2*size, x.h.cfg.MaxBody+1)
		if n := x.r.ContentLength; n > 0 {
			size = min(size, n+1)
		}
	}
}

// readFull fills buf, or says why it could not: io.EOF at the end.
func readFull(r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var m int
		m, err = r.Read(buf[n:])
		n += m
	}
	return n, err
}

// hold counts n bytes as held until the request is over. It reports false, and
// counts them all the same, when that is more than may be held.
func (x *exchange) hold(n int64) bool {
	x.held += n
	return x.h.held.Add(n) <= x.h.cfg.MaxHeld
}

// What is read of a body that nobody wants, so that its sender gets to the answer.
const (
	drainBytes = 4 << 20
	drainTime  = time.Second
)

// drain sends the answer on its way and then reads on for a little, because a
// connection that is closed over unread bytes takes the answer with it. The
// deadline stays for what the server itself still reads; the connection ends
// with this answer.
func (x *exchange) drain() {
	control := http.NewResponseController(x.w)
	_ = control.Flush()
	if control.SetReadDeadline(time.Now().Add(drainTime)) == nil {
		_, _ = io.CopyN(io.Discard, x.r.Body, drainBytes)
	}
}

func (x *exchange) tooLarge() error {
	return &sandbox.Error{
		Code: sandbox.Exhausted, Reason: sandbox.ReasonInput,
		Message: "The request body is larger than " + formatInt(x.h.cfg.MaxBody) + " bytes",
	}
}

// badBody is the error for a body that ended with err before its end.
func badBody(err error) error {
	if t, ok := errors.AsType[net.Error](err); ok && t.Timeout() {
		return &sandbox.Error{Code: sandbox.Timeout, Reason: reasonSlow, Message: "The request body did not arrive in time"}
	}
	return &sandbox.Error{Code: sandbox.Invalid, Reason: sandbox.ReasonBody, Message: "The request body ended early or is not well framed"}
}

// crowded is the error while the host holds as many bytes as it may.
func crowded() error {
	return &sandbox.Error{
		Code: sandbox.Exhausted, Reason: sandbox.ReasonRate, RetryAfter: 1,
		Message: "Too many requests at once. Retry after 1 seconds.",
	}
}
