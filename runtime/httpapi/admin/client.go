package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/annexhost/annex/runtime/httpapi"
	"github.com/annexhost/annex/runtime/sandbox"
)

// Client speaks the API to whoever answers it: a server over the network, one
// behind a socket, or a [Server] in this process.
type Client struct {
	// Transport carries requests. [Memory] of a Server's Local is one.
	Transport http.RoundTripper

	URL   string // origin; empty: "http://annex", for transports that know where
	Token string // empty: none is sent
}

// maxAnswer is the longest JSON answer that is read, in bytes.
const maxAnswer = 64 << 20

// Do calls a route and returns its answer. An error of the server is a
// *sandbox.Error with the code that the server had.
func Do[In, Out any](ctx context.Context, c *Client, e *Endpoint[In, Out], in In) (Out, error) {
	var out Out
	body, err := c.send(ctx, e.spec, reflect.ValueOf(in))
	if err != nil {
		return out, err
	}
	defer body.Close()
	if reflect.TypeFor[Out]() == reflect.TypeFor[None]() {
		return out, nil
	}
	data, err := io.ReadAll(io.LimitReader(body, maxAnswer+1))
	if err != nil {
		return out, c.lost(err)
	}
	if len(data) > maxAnswer {
		return out, errors.New("the answer is too long")
	}
	if err := json.Unmarshal(data, &out); err != nil {
		return out, fmt.Errorf("the answer of %s is not what was expected: %v", e.spec.Name, err)
	}
	return out, nil
}

// Open calls a route that streams; the caller closes what it returns. Reading
// fails when the server broke the answer off.
func Open[In any](ctx context.Context, c *Client, e *Endpoint[In, Stream], in In) (io.ReadCloser, error) {
	return c.send(ctx, e.spec, reflect.ValueOf(in))
}

// send makes the request that in describes and returns the body of the answer.
func (c *Client) send(ctx context.Context, spec Spec, in reflect.Value) (io.ReadCloser, error) {
	r, err := c.request(ctx, spec, in)
	if err != nil {
		return nil, err
	}
	resp, err := c.Transport.RoundTrip(r)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, c.lost(err)
	}
	if resp.StatusCode/100 == 2 {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	return nil, readError(resp)
}

func (c *Client) lost(err error) error {
	return &sandbox.Error{Code: sandbox.Unavailable, Message: fmt.Sprintf("no answer from %s: %v", c.origin(), err)}
}

func (c *Client) origin() string {
	if c.URL == "" {
		return "http://annex"
	}
	return strings.TrimSuffix(c.URL, "/")
}

func (c *Client) request(ctx context.Context, spec Spec, in reflect.Value) (*http.Request, error) {
	path := spec.Path
	query := url.Values{}
	var body io.Reader
	kind := ""
	fields := fieldsOf(in.Type())
	for _, f := range fields {
		v := in.FieldByIndex(f.index)
		switch f.where {
		case "path":
			if v.String() == "" {
				return nil, sandbox.Errorf(sandbox.Invalid, "the name of the %s is empty", f.name)
			}
			path = strings.Replace(path, "{"+f.name+"}", escapeSegment(v.String()), 1)
		case "query":
			if text := queryText(v); text != nil {
				query[f.name] = text
			}
		case "raw":
			body, kind = v.Interface().(io.Reader), f.name
		}
	}
	if hasBody(fields) {
		data, err := encodeJSON(in.Interface())
		if err != nil {
			return nil, err
		}
		body, kind = bytes.NewReader(data), "application/json"
	}
	target := c.origin() + Prefix + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, spec.Method, target, body)
	if err != nil {
		return nil, sandbox.Errorf(sandbox.Invalid, "%v", err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if c.Token != "" {
		r.Header.Set("Authorization", "Bearer "+c.Token)
	}
	return r, nil
}

// escapeSegment also escapes what would make a segment climb.
func escapeSegment(s string) string {
	if strings.Trim(s, ".") == "" {
		return strings.ReplaceAll(s, ".", "%2E")
	}
	return url.PathEscape(s)
}

// readError makes of an error's answer the error that the server had.
func readError(resp *http.Response) error {
	data, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	var body struct {
		Error     string `json:"error"`
		Message   string `json:"message"`
		RequestID string `json:"requestId"`
	}
	if json.Unmarshal(data, &body) != nil || body.Error == "" {
		return &sandbox.Error{Code: sandbox.Unavailable, Message: fmt.Sprintf("this is not answered by Annex: %s", resp.Status)}
	}
	e := httpapi.ErrorOf(body.Error)
	e.Message = body.Message
	if e.Code == sandbox.Internal {
		e.Message += " (the host's log has more, under " + body.RequestID + ")"
	}
	return e
}
