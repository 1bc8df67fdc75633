package egress

import (
	"maps"
	"net/http"
	"net/url"
)

// isRedirect reports whether an answer leads elsewhere. Without a Location it is
// an answer like any other.
func isRedirect(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return len(resp.Header.Values("Location")) > 0
	}
	return false
}

// follow makes the next hop, which passes every check that the first one passed.
// The hop is returned with the error too, for the record.
func (f *fetch) follow(h *hop, resp *http.Response, mode Redirect) (*hop, error) {
	from := h.to.host
	locations := resp.Header.Values("Location")
	next := &hop{number: h.number + 1, rawURL: locations[0], method: h.method, header: maps.Clone(h.header), body: h.body}
	switch {
	case mode == RedirectError:
		return next, fail(Invalid, from, nil, "%s redirected and the request allows no redirect", from)
	case next.number > f.limits.MaxRedirects:
		return next, fail(Exhausted, from, nil, "more than %d redirects, the last by %s", max(f.limits.MaxRedirects, 0), from)
	case len(locations) > 1:
		return next, fail(Unavailable, from, nil, "%s redirected to %d places at once", from, len(locations))
	}
	if err := f.resolve(h, next); err != nil {
		return next, err
	}
	if err := f.permit(next.to.host); err != nil {
		return next, err
	}
	if h.to.url.Scheme == "https" && next.to.url.Scheme == "http" {
		return next, fail(Denied, next.to.host, nil, "%s redirected from https to http, which is not followed", from)
	}
	status, get := resp.StatusCode, next.method == http.MethodGet || next.method == http.MethodHead
	if status == http.StatusSeeOther && !get || status <= http.StatusFound && next.method == http.MethodPost {
		next.method, next.body = http.MethodGet, nil
		dropBody(next.header)
	}
	if !sameOrigin(h.to, next.to) {
		keepForStranger(next.header)
	}
	return next, nil
}

// resolve reads the Location of a redirect from where it was sent. A URL that no
// request could have is the fault of who sent it, not of the author.
func (f *fetch) resolve(h, next *hop) error {
	from := h.to.host
	if len(next.rawURL) > maxURL {
		return fail(Unavailable, from, nil, "%s redirected to a URL of %d bytes", from, len(next.rawURL))
	}
	ref, err := url.Parse(next.rawURL)
	if err != nil {
		return fail(Unavailable, from, nil, "%s redirected to what is not a URL: %s", from, parseReason(err))
	}
	to := h.to.url.ResolveReference(ref)
	next.rawURL = to.String()
	if next.to, err = f.client.gateway.target(to); err == nil {
		return nil
	}
	if e, ok := err.(*Error); ok && e.Kind == Invalid {
		return fail(Unavailable, from, e, "redirect of %s is not followed: %s", from, e.Message)
	}
	return err
}
