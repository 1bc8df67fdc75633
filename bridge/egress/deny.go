package egress

import (
	"fmt"
	"strings"

	"github.com/annexhost/annex/permissions"
)

// deniedNames are the operator's names in their one form.
func deniedNames(names []string) (map[string]struct{}, error) {
	denied := make(map[string]struct{}, len(names))
	for _, name := range names {
		host, err := permissions.NormalizeHost(name)
		if err != nil {
			return nil, fmt.Errorf("egress: denied host %q: %v", name, err)
		}
		denied[host] = struct{}{}
	}
	return denied, nil
}

// permit asks whoever decides for the extension, and then the operator, about a
// host. The error is an *Error.
func (f *fetch) permit(host string) error {
	if err := f.allow(host); err != nil {
		return refuse(host, err)
	}
	for name := host; name != ""; _, name, _ = strings.Cut(name, ".") {
		if _, denied := f.client.gateway.denied[name]; denied {
			return fail(Denied, host, nil, "%s is closed to all extensions by the operator", host)
		}
	}
	return nil
}
