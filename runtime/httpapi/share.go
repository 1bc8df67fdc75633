package httpapi

import (
	"net/http"
	"strconv"
)

// RequestID returns the id that the caller sent when it is harmless, else a new one.
func RequestID(h http.Header) string { return requestID(h) }

// WriteError answers err as a [Handler] does, for handlers beside it, and
// returns what was answered. The text of a fault of the host is withheld.
func WriteError(w http.ResponseWriter, id string, err error) Answer {
	e := asError(err)
	a := outcome(e)
	message := e.Message
	if a == internal {
		message = "Internal server error"
	}
	h := w.Header()
	if a.Status == http.StatusUnauthorized {
		h.Set("Www-Authenticate", "Bearer")
	}
	retry := e.RetryAfter
	if a.Error == "UNAVAILABLE" {
		retry = max(1, retry)
	}
	if retry > 0 {
		h.Set("Retry-After", strconv.Itoa(retry))
	}
	h["Content-Type"] = applicationJSON
	h["Cache-Control"] = noStore
	h["X-Content-Type-Options"] = nosniff
	h["Content-Security-Policy"] = sandboxed
	h.Set("X-Request-Id", id)
	w.WriteHeader(a.Status)
	_, _ = w.Write(errorBody(a.Error, message, id)) // the caller may be gone
	return a
}
