package httpapi

import (
	"net/http"
	"slices"
	"strings"
)

// What pages of the origins that the operator has named may send and read.
// Credentials of a browser never count here, only bearer tokens that the page
// has, so no page can act for somebody who happens to be signed in.
const (
	corsMethods = "DELETE, GET, HEAD, PATCH, POST, PUT"
	corsExposed = "Content-Disposition, ETag, Retry-After, X-Extension-Execution-Time, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id"
	corsMaxAge  = "600" // seconds
)

// maxCORSHeaders is the longest list of header names that a preflight may ask for, in bytes.
const maxCORSHeaders = 1024

// allowedOrigin is the Origin of the request when its pages may read answers.
func (x *exchange) allowedOrigin() string {
	if len(x.h.cfg.Origins) == 0 {
		return ""
	}
	sent := x.r.Header["Origin"]
	if len(sent) != 1 {
		return ""
	}
	if slices.Contains(x.h.cfg.Origins, sent[0]) {
		return sent[0]
	}
	if slices.Contains(x.h.cfg.Origins, "*") {
		return "*"
	}
	return ""
}

// share lets pages of an allowed origin read the answer.
func (x *exchange) share() {
	if len(x.h.cfg.Origins) == 0 {
		return
	}
	x.set("Vary", "Origin")
	if origin := x.allowedOrigin(); origin != "" {
		x.set("Access-Control-Allow-Origin", origin)
		x.set("Access-Control-Expose-Headers", corsExposed)
	}
}

// preflight answers a browser that asks whether a page may send a request, and
// reports whether it did. It has no credential and learns nothing: the answer
// is the same for every path below a door.
func (x *exchange) preflight() bool {
	if x.r.Method != http.MethodOptions || len(x.r.Header["Access-Control-Request-Method"]) != 1 || x.allowedOrigin() == "" {
		return false
	}
	x.set("Access-Control-Allow-Methods", corsMethods)
	x.set("Access-Control-Max-Age", corsMaxAge)
	if asked := x.r.Header["Access-Control-Request-Headers"]; len(asked) == 1 && isNameList(asked[0]) {
		x.set("Access-Control-Allow-Headers", asked[0])
	}
	x.write(http.StatusNoContent, nil)
	return true
}

// isNameList reports whether s is a list of header names.
func isNameList(s string) bool {
	if len(s) > maxCORSHeaders {
		return false
	}
	for name := range strings.SplitSeq(s, ",") {
		name = strings.Trim(name, " ")
		if name == "" {
			return false
		}
		for i := range len(name) {
			if c := name[i]; !isAlphanumeric(c) && c != '-' && c != '_' {
				return false
			}
		}
	}
	return true
}
