package httpapi

import (
	"net/http"
	"strings"
)

// callHeader lists the request's header fields for the host. The caller's
// credentials stay here; on a public route authorization is the sender's own,
// such as a webhook's, and goes on. net/http keeps the Host field apart.
func callHeader(r *http.Request, public bool) [][2]string {
	fields := make([][2]string, 0, len(r.Header)+1)
	fields = append(fields, [2]string{"Host", r.Host})
	for name, values := range r.Header {
		switch name {
		case "Cookie", "Proxy-Authorization":
			continue
		case "Authorization":
			if !public {
				continue
			}
		}
		for _, value := range values {
			fields = append(fields, [2]string{name, value})
		}
	}
	return fields
}

// url is the address that the caller used, as far as it can be known.
func (x *exchange) url() string {
	path := x.r.RequestURI
	if !strings.HasPrefix(path, "/") { // a proxy's form: http://host/path
		path = x.r.URL.RequestURI()
	}
	if x.h.cfg.BaseURL != "" {
		return strings.TrimSuffix(x.h.cfg.BaseURL, "/") + path
	}
	if x.r.TLS != nil {
		return "https://" + x.r.Host + path
	}
	return "http://" + x.r.Host + path
}
