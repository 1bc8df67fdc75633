package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// Kind is what an [Error] is about. The texts are those of sandbox.Code.
type Kind string

// The kinds.
const (
	Denied      Kind = "denied"      // not granted, or not reachable for extensions
	Invalid     Kind = "invalid"     // the request as given cannot be sent
	Timeout     Kind = "timeout"     // the deadline of the exchange
	Exhausted   Kind = "exhausted"   // too large, too many redirects, no free slot
	Unavailable Kind = "unavailable" // the other side failed
	Canceled    Kind = "canceled"    // the caller went away, or the gateway was closed
)

// Error is every error of [Client.Fetch]. Its message is made for the author of
// an extension: it names the host that was asked for, and never an address.
type Error struct {
	Kind    Kind
	Host    string // the host of the hop that failed in ASCII, empty when there was none
	Message string

	refusal error  // of the allow function
	detail  string // for the operator, see Exchange.Detail
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the error of the allow function where that refused the host,
// so that a permissions.Denial can be found, and nil otherwise.
func (e *Error) Unwrap() error { return e.refusal }

// fail makes an error whose cause stays with the operator.
func fail(kind Kind, host string, cause error, format string, args ...any) *Error {
	e := &Error{Kind: kind, Host: host, Message: fmt.Sprintf(format, args...)}
	if cause != nil {
		e.detail = cause.Error()
	}
	return e
}

// refuse makes the error for a host that allow refused.
func refuse(host string, cause error) *Error {
	return &Error{Kind: Denied, Host: host, Message: cause.Error(), refusal: cause}
}

// exchangeError turns what went wrong while talking to host into an Error. The
// context is that of the exchange, caller the one it was made from.
func exchangeError(caller, ctx context.Context, host string, timeout time.Duration, err error) *Error {
	switch {
	case errors.Is(caller.Err(), context.Canceled):
		return fail(Canceled, host, err, "request to %s was canceled", host)
	case caller.Err() != nil:
		return fail(Timeout, host, err, "request to %s ran into the deadline of its caller", host)
	case ctx.Err() != nil:
		return fail(Timeout, host, err, "request to %s timed out after %s", host, timeout)
	}
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	return fail(Unavailable, host, err, "%s closed the connection or sent what is not valid HTTP", host)
}

// tlsError names the kind of failure without quoting the certificate.
func tlsError(host string, err error) *Error {
	var (
		authority  x509.UnknownAuthorityError
		name       x509.HostnameError
		invalid    x509.CertificateInvalidError
		unverified *tls.CertificateVerificationError
	)
	why := ""
	switch {
	case errors.As(err, &authority):
		why = "its issuer is not known"
	case errors.As(err, &name):
		why = "it is for another name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		why = "it has expired or is not valid yet"
	case errors.As(err, &unverified), errors.As(err, &invalid):
		why = "it is not valid"
	default:
		return fail(Unavailable, host, err, "TLS handshake with %s failed", host)
	}
	return fail(Unavailable, host, err, "TLS certificate of %s was not accepted: %s", host, why)
}
