package guest

// FetchOptions say how to make a request.
type FetchOptions struct {
	Method   string      // GET without it
	Headers  [][2]string // {{secret:NAME}} in a value stands for a secret that is bound to the host
	Body     []byte
	Redirect string // follow (without it), manual, or error

	// Secret is the name of a secret for an Authorization field; Scheme is Bearer
	// without it.
	Secret, Scheme string
}

// FetchResult is an answer, read to its end.
type FetchResult struct {
	OK         bool        `json:"ok"`
	Status     int         `json:"status"`
	StatusText string      `json:"statusText"`
	URL        string      `json:"url"`
	Redirected bool        `json:"redirected"`
	Headers    [][2]string `json:"headers"`
	Body       []byte      `json:"-"`
}

// HTTP is api.http.
type HTTP struct{}

// Fetch makes an HTTP request to a host that a permission names, and reads the
// answer to its end. Any status is an answer, not an error. o may be nil.
func (HTTP) Fetch(url string, o *FetchOptions) (*FetchResult, error) {
	args := map[string]any{"url": url}
	if o != nil {
		if o.Method != "" {
			args["method"] = o.Method
		}
		if len(o.Headers) > 0 {
			args["headers"] = o.Headers
		}
		if o.Body != nil {
			args["body"] = Attach(o.Body)
		}
		if o.Redirect != "" {
			args["redirect"] = o.Redirect
		}
		if o.Secret != "" {
			auth := map[string]string{"secret": o.Secret}
			if o.Scheme != "" {
				auth["scheme"] = o.Scheme
			}
			args["auth"] = auth
		}
	}
	var result FetchResult
	if err := Call("http.fetch", args, &result); err != nil {
		return nil, err
	}
	result.Body = blob(0)
	return &result, nil
}
