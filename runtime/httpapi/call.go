package httpapi

import "strings"

// callHeader lists the request's header fields for the host. The caller's
// credentials stay here; on a public route authorization is the sender's own,
// such as a webhook's, and goes on. What proxies say of the caller goes on only
// when the operator trusts them, as the one address that is known. net/http
// keeps the Host field apart.
func (x *exchange) callHeader() [][2]string {
	r := x.r
	fields := make([][2]string, 0, len(r.Header)+1)
	fields = append(fields, [2]string{"Host", x.peer.host})
	for name, values := range r.Header {
		switch name {
		case "Cookie", "Proxy-Authorization", "Forwarded", "X-Real-Ip":
			continue
		case "Authorization":
			if !x.public {
				continue
			}
		}
		if strings.HasPrefix(name, "X-Forwarded-") {
			continue
		}
		for _, value := range values {
			fields = append(fields, [2]string{name, value})
		}
	}
	if x.peer.client.IsValid() {
		fields = append(fields, [2]string{"X-Forwarded-For", x.peer.client.String()})
	}
	return fields
}

// url is the address that the caller used, as far as it can be known.
func (x *exchange) url() string {
	path := x.r.RequestURI
	if !strings.HasPrefix(path, "/") { // a proxy's form: http://host/path
		path = x.r.URL.RequestURI()
	}
	scheme, host := x.origin()
	return scheme + host + path
}
