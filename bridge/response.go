package bridge

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/annexhost/annex/runtime/sandbox"
)

// Response is what a handler answered, ready to be sent.
type Response struct {
	Status int         // 200 to 599
	Header [][2]string // names in lower case, from the list of what may leave
	Body   []byte      // nil for none

	// Dropped are the names of header fields that the handler set and that may
	// not leave.
	Dropped []string
}

const (
	typeJSON = "application/json"
	typeText = "text/plain; charset=utf-8"
	typeBlob = "application/octet-stream"
)

// The values of "type" that make a result more than data.
const (
	resultJSON     = "json"
	resultError    = "error"
	resultRedirect = "redirect"
	resultResponse = "annex.response"
)

// result is an object that a handler returned, as far as it is looked at.
type result struct {
	Type    string          `json:"-"`
	Data    json.RawMessage `json:"data"`
	Message json.RawMessage `json:"message"`
	URL     json.RawMessage `json:"url"`
	Status  json.RawMessage `json:"status"`
	Headers json.RawMessage `json:"headers"`
	Body    json.RawMessage `json:"body"`
}

// ParseResult turns what a handler returned into the answer. Undefined and null
// are 204, a string is text/plain, the objects that api.response makes and a
// Response are what they say, and any other value is its own JSON.
//
// The error is a *sandbox.Error: of code exhausted when the body is larger than
// maxBytes (sandbox.Unlimited lifts that), of code thrown when the handler
// returned what cannot be sent, such as a status of 99.
func ParseResult(p sandbox.Payload, maxBytes int64) (Response, error) {
	out, err := parseResult(p)
	if err != nil {
		return Response{}, err
	}
	if size := int64(len(out.Body)); over(size, maxBytes) {
		return Response{}, &sandbox.Error{
			Code: sandbox.Exhausted, Reason: sandbox.ReasonOutput,
			Message: fmt.Sprintf("response body too large: %d bytes (max %d bytes)", size, maxBytes),
		}
	}
	if out.Status == 204 || out.Status == 304 {
		out.Body = nil
	}
	return out, nil
}

func parseResult(p sandbox.Payload) (Response, error) {
	s := scanner{data: p.JSON}
	if s.space(); s.pos == len(s.data) {
		return Response{Status: 204}, nil
	}
	text, err := checkJSON(p.JSON[s.pos:])
	if err != nil {
		return Response{}, badResult("%v", err)
	}
	switch text[0] {
	case 'n':
		return Response{Status: 204}, nil
	case '"':
		body, err := unquote(text)
		return Response{Status: 200, Header: contentType(typeText), Body: []byte(body)}, err
	case '{':
		r, err := readResult(text)
		if err != nil || r.Type == "" {
			return Response{Status: 200, Header: contentType(typeJSON), Body: text}, err
		}
		return r.response(p.Blobs)
	}
	return Response{Status: 200, Header: contentType(typeJSON), Body: text}, nil
}

// readResult reads the members of an object that mean something, if its type is
// one that does. Names must match exactly, unlike in encoding/json.
func readResult(text []byte) (r result, err error) {
	d := decoder{scanner: scanner{data: text}}
	d.accept('{')
	for more := !d.accept('}'); more; {
		raw, _, err := d.name()
		if err != nil {
			return r, badResult("%v", err)
		}
		value, err := d.raw(1)
		if err != nil {
			return r, badResult("%v", err)
		}
		r.take(unescape(raw), value)
		d.space()
		more = d.accept(',')
	}
	switch r.Type {
	case resultJSON, resultError, resultRedirect, resultResponse:
	default:
		r.Type = ""
	}
	return r, nil
}

// take keeps a member. The last of a name wins, as in JavaScript.
func (r *result) take(name string, value json.RawMessage) {
	switch name {
	case "type":
		r.Type, _ = unquote(value)
	case "data":
		r.Data = value
	case "message":
		r.Message = value
	case "url":
		r.URL = value
	case "status":
		r.Status = value
	case "headers":
		r.Headers = value
	case "body":
		r.Body = value
	}
}

// response makes the answer of an object of a known type.
func (r *result) response(blobs [][]byte) (out Response, err error) {
	switch r.Type {
	case resultJSON:
		out.Header, out.Body = contentType(typeJSON), r.Data
		if out.Body == nil {
			out.Body = []byte("null") // data was undefined
		}
		out.Status, err = status(r.Status, 200)
	case resultError:
		message := r.Message
		if message == nil {
			message = json.RawMessage(`"Error"`)
		}
		out.Header = contentType(typeJSON)
		out.Body = append(append([]byte(`{"error":`), message...), '}')
		out.Status, err = status(r.Status, 500)
	case resultRedirect:
		if out.Status, err = status(r.Status, 302); err == nil {
			var to string
			if to, err = location(r.URL); err == nil {
				out.Header = [][2]string{{"location", to}}
			}
		}
	case resultResponse:
		if out.Status, err = status(r.Status, 200); err == nil {
			err = r.full(&out, blobs)
		}
	}
	return out, err
}

// full fills in the header and the body of a Response object.
func (r *result) full(out *Response, blobs [][]byte) error {
	kind := typeText
	if r.Body != nil && string(r.Body) != "null" {
		d := decoder{scanner: scanner{data: r.Body}, blobs: blobs}
		body, err := d.textOrBlob()
		if err != nil {
			return badResult("body: %v", err)
		}
		out.Body = body
		if d.used > 0 {
			kind = typeBlob
		}
	}
	if err := leaving(r.Headers, out); err != nil {
		return err
	}
	if out.Body != nil && !hasField(out.Header, "content-type") {
		out.Header = append(out.Header, contentType(kind)...)
	}
	return nil
}

// status reads a status, or returns otherwise for none.
func status(raw json.RawMessage, otherwise int) (int, error) {
	if raw == nil || string(raw) == "null" || string(raw) == "0" {
		return otherwise, nil
	}
	d := decoder{scanner: scanner{data: raw}}
	n, err := d.number()
	if err != nil || n != math.Trunc(n) || n < 200 || n > 599 {
		return 0, badResult("status must be an integer from 200 to 599, got %s", quoteShort(raw))
	}
	return int(n), nil
}

func contentType(kind string) [][2]string { return [][2]string{{"content-type", kind}} }

// unquote returns the string that a JSON text is.
func unquote(text []byte) (string, error) {
	d := decoder{scanner: scanner{data: text}}
	s, err := d.text()
	if err != nil {
		return "", badResult("%v", err)
	}
	return s, nil
}

// badResult is the error for a result that cannot be sent. It is the handler's.
func badResult(format string, args ...any) error {
	return &sandbox.Error{
		Code: sandbox.Thrown, Name: "TypeError",
		Message: "the handler's result cannot be sent: " + strings.TrimSpace(fmt.Sprintf(format, args...)),
	}
}
