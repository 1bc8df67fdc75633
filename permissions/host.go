package permissions

import (
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
)

const (
	maxHost     = 253  // bytes in a host name, without the trailing dot
	maxLabel    = 63   // bytes between two dots
	maxHostText = 1000 // bytes of what is written for a host; the mapping can shorten it
)

// lookup is UTS 46 as browsers use it: mapped, strict ASCII, Bidi checked, not
// transitional. Hyphens in the third and fourth place are left alone, because
// names in use have them ("r3---sn-…").
var lookup = idna.New(
	idna.MapForLookup(),
	idna.BidiRule(),
	idna.Transitional(false),
	idna.CheckHyphens(false),
)

// HostError says why a text is not a host name.
type HostError struct {
	Host    string // as written
	Problem string // what is wrong with it
	Address bool   // it is an IP address, or would be taken for one
}

// Error names the host and the problem.
func (e *HostError) Error() string { return fmt.Sprintf("host %q %s", e.Host, e.Problem) }

// NormalizeHost returns the one form of a host name in which names are compared
// and connected to: mapped by UTS 46 into ASCII, lower case, without a trailing
// dot. Names of one label pass.
//
// IP addresses are refused however they are written (dotted, short, octal,
// hexadecimal, in full-width digits, IPv6), and so is a name that a second pass
// would change. The error is a *[HostError].
func NormalizeHost(host string) (string, error) {
	fail := func(problem string) (string, error) {
		return "", &HostError{Host: host, Problem: problem}
	}
	switch {
	case host == "":
		return fail("is empty")
	case len(host) > maxHostText:
		return "", &HostError{Host: host[:maxLabel] + "…", Problem: "is too long"}
	case isAddress(host):
		return "", addressError(host)
	}
	name, err := lookup.ToASCII(host)
	if err != nil {
		return fail("is not a host name")
	}
	name = strings.TrimSuffix(name, ".")
	if endsInNumber(name) {
		return "", addressError(host)
	}
	if !isCanonical(name) {
		return fail("is not a host name")
	}
	if again, err := lookup.ToASCII(name); err != nil || again != name {
		return fail("does not keep its form")
	}
	return name, nil
}

func addressError(host string) error {
	return &HostError{Host: host, Problem: "is an address, not a name", Address: true}
}

// isAddress reports whether host is an IP address as it is written in a URL or
// anywhere else. No host name has a colon or a bracket.
func isAddress(host string) bool {
	trimmed := strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if _, err := netip.ParseAddr(trimmed); err == nil {
		return true
	}
	return strings.HasPrefix(host, "[") || strings.Count(host, ":") > 1
}

// endsInNumber reports whether the last label of an ASCII name is a number, as
// in 127.1 and 0x7f000001, which resolvers take for addresses.
func endsInNumber(name string) bool {
	label := name[strings.LastIndexByte(name, '.')+1:]
	if len(label) > 1 && label[0] == '0' && label[1]|0x20 == 'x' {
		return consistsOf(label[2:], isHexDigit)
	}
	return label != "" && consistsOf(label, isDigit)
}

func consistsOf(s string, f func(c byte) bool) bool {
	for i := range len(s) {
		if !f(s[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool    { return '0' <= c && c <= '9' }
func isHexDigit(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

// isCanonical reports whether name has the form of a result of [NormalizeHost],
// its mapping aside. It allocates nothing.
func isCanonical(name string) bool {
	return len(name) <= maxHost && hasLabels(name) && !endsInNumber(name)
}

// hasLabels reports whether name is labels of a-z, 0-9 and inner hyphens, none of
// them longer than DNS allows.
func hasLabels(name string) bool {
	start := 0
	for i := 0; i <= len(name); i++ {
		if i == len(name) || name[i] == '.' {
			n := i - start
			if n == 0 || n > maxLabel || name[start] == '-' || name[i-1] == '-' {
				return false
			}
			start = i + 1
			continue
		}
		c := name[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
