// Package httpapi serves a host over HTTP: /extensions/<id>/<path> for callers
// with a token, /public/<token>/<path> for anonymous ones, /healthz and /readyz.
//
// A request goes through these files, in this order: the path (route.go), who
// is calling (identity.go), the body (body.go), the host, and the answer
// (answer.go). What an error is over HTTP and for the command line stands in
// one table (codes.go). [Handler] is all of that for any http.Server; [Server]
// is the one with the timeouts and the shutdown that strangers make necessary.
//
// What a caller sends is data. No header names an organization, credentials do
// not reach handlers, and nothing that the host says of itself leaves: a fault
// of the host is a request id, under which the log has the rest.
package httpapi
