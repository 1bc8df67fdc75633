package guest

import (
	"encoding/json"
	"errors"
	"fmt"
)

// API is what a handler is given.
type API struct {
	Request Request
	User    *User                      // nil for an anonymous caller of a public route
	Config  map[string]json.RawMessage // the values of contributes.configuration

	methods
}

// Request is the request to answer.
type Request struct {
	ID       string              `json:"id"`
	Method   string              `json:"method"`
	Path     string              `json:"path"`
	URL      string              `json:"url"`
	Query    map[string]string   `json:"query"`
	QueryAll map[string][]string `json:"queryAll"`
	Params   map[string]string   `json:"params"`
	Headers  map[string]string   `json:"headers"` // names in lower case
	Body     json.RawMessage     `json:"body"`    // parsed for JSON, an object for a form, otherwise the text
	RawBody  []byte              `json:"-"`       // the bytes of the body as they came
}

// User is the signed-in caller.
type User struct {
	ID    string `json:"id"`
	Email string `json:"email"`
	OrgID string `json:"orgId"`
	Role  string `json:"role"`
}

// Response is an answer with a status, a header and a body of any kind.
type Response struct {
	Status  int
	Headers [][2]string
	Body    []byte
}

// JSON makes an answer of data with a status.
func JSON(data any, status int) any {
	return map[string]any{"type": "json", "data": data, "status": status}
}

// Fail makes the answer {"error": message} with a status.
func Fail(message string, status int) any {
	return map[string]any{"type": "error", "message": message, "status": status}
}

// Redirect sends the caller to another address.
func Redirect(url string, status int) any {
	return map[string]any{"type": "redirect", "url": url, "status": status}
}

// Error is an error of the host, or of a handler that says more than a text.
type Error struct {
	Code       string `json:"code,omitempty"` // denied, not_found, invalid, conflict, exhausted, timeout, canceled, unavailable or internal
	Message    string `json:"message"`
	Name       string `json:"name,omitempty"`
	Permission string `json:"permission,omitempty"` // the missing one, for code denied
	RetryAfter int    `json:"retryAfter,omitempty"` // seconds
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Handle runs a handler with what this invocation is given, and returns what an
// exported function returns. The handler's result is a value for JSON, a
// [Response], the result of [JSON], [Fail] or [Redirect], or nil.
func Handle(handler func(*API) (any, error)) int32 {
	api := &API{}
	input := struct {
		Request *Request                    `json:"request"`
		User    **User                      `json:"user"`
		Config  *map[string]json.RawMessage `json:"config"`
	}{&api.Request, &api.User, &api.Config}
	if data := readInput(); len(data) > 0 {
		if err := json.Unmarshal(data, &input); err != nil {
			return fail(fmt.Errorf("the input cannot be read: %w", err))
		}
	}
	api.Request.RawBody = blob(0)
	result, err := handler(api)
	if err != nil {
		return fail(err)
	}
	return finish(result)
}

func finish(result any) int32 {
	if result == nil {
		return 0
	}
	if r, ok := result.(*Response); ok {
		result = *r
	}
	if r, ok := result.(Response); ok {
		if r.Headers == nil {
			r.Headers = [][2]string{}
		}
		result = map[string]any{"type": "annex.response", "status": r.Status, "headers": r.Headers, "body": Attach(r.Body)}
	}
	data, err := json.Marshal(result)
	if err != nil {
		return fail(fmt.Errorf("the result is not JSON: %w", err))
	}
	writeOutput(data)
	return 0
}

// fail is the end of a handler that failed.
func fail(err error) int32 {
	said := &Error{Name: "Error", Message: err.Error()}
	var known *Error
	if errors.As(err, &known) {
		said = &Error{Name: known.Name, Message: err.Error(), Code: known.Code, Permission: known.Permission}
	}
	data, _ := json.Marshal(said) // texts only: it cannot fail
	writeError(data)
	return 1
}

// Blob stands for bytes in JSON that crosses to the host or comes from it.
type Blob struct {
	Index int `json:"$blob"`
}

// Attach sends bytes beside the arguments of the next call, or beside the result
// of the handler if no call comes before.
func Attach(data []byte) Blob { return Blob{attachBytes(data)} }

// Bytes returns the bytes of a blob in the result of the last call.
func (b Blob) Bytes() []byte { return blob(b.Index) }

// Call calls a method by its name, for those that have no function here. args is
// marshalled to a JSON object; result may be nil.
func Call(method string, args, result any) error {
	data, err := json.Marshal(args)
	if err != nil {
		return &Error{Code: "invalid", Name: "TypeError", Message: method + ": the arguments are not JSON: " + err.Error()}
	}
	var answer struct {
		OK    json.RawMessage `json:"ok"`
		Error *Error          `json:"error"`
	}
	if err := json.Unmarshal(call(method, data), &answer); err != nil {
		return &Error{Code: "internal", Message: "the host's answer cannot be read"}
	}
	if answer.Error != nil {
		return answer.Error
	}
	if result == nil || len(answer.OK) == 0 {
		return nil
	}
	return json.Unmarshal(answer.OK, result)
}
