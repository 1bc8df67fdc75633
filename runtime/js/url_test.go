package js

import (
	"strings"
	"testing"
	"time"

	whatwg "github.com/nlnwa/whatwg-url/url"
)

// TestLongAddresses checks the limits that stand between a stranger's text and a
// parser that is quadratic in it.
func TestLongAddresses(t *testing.T) {
	for _, c := range []struct {
		rule, address string
		want          bool
	}{
		{"an ordinary address", "https://a.example/b?c=d#e", false},
		{"a long query", "https://a.example/?" + strings.Repeat("q", 500_000), false},
		{"a long fragment", "https://a.example/#" + strings.Repeat("@", 500_000), false},
		{"long data", "data:text/plain," + strings.Repeat("x", 500_000), false},
		{"a long path", "https://a.example/" + strings.Repeat("a/", 10_000), true},
		{"many @", "https://" + strings.Repeat("@", 101) + "a/", true},
		{"too long in all", "https://a.example/?" + strings.Repeat("q", 1<<20), true},
	} {
		if got := tooLongURL(c.address); got != c.want {
			t.Errorf("%s: got %v, want %v", c.rule, got, c.want)
		}
	}
	start := time.Now()
	for _, worst := range []string{
		"http://" + strings.Repeat("u", maxURLBefore-200) + strings.Repeat("@", maxURLAts) + "x/",
		"http://a/" + strings.Repeat("a/", maxURLBefore/2-10),
		"file:///" + strings.Repeat("C|/", maxURLBefore/3-10),
		"http://" + strings.Repeat("<", maxURLBefore-20) + "@x/",
	} {
		if tooLongURL(worst) {
			t.Errorf("%.20s… is not at the limit but beyond it", worst)
		}
		_, _ = whatwg.Parse(worst)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("the worst addresses that are let through took %v", took)
	}
}

// FuzzURL checks that no address makes the parser panic, and that what it says
// parses to itself.
func FuzzURL(f *testing.F) {
	for _, address := range []string{"https://u:p@a.example:8080/b/../c?d=e#f", "file:///C|/x", "http://[::1]/", "data:x", "//", "http://\u212a.com/%zz", "x:/a//b"} {
		f.Add(address, "pathname", "../ü")
	}
	f.Fuzz(func(t *testing.T, address, part, value string) {
		if tooLongURL(address) || len(value) > 1000 {
			return
		}
		u, err := whatwg.Parse(address)
		if err != nil {
			return
		}
		setURLPart(u, part, value)
		href := u.Href(false)
		again, err := whatwg.Parse(href)
		if err != nil {
			t.Fatalf("%q became %q, which does not parse: %v", address, href, err)
		}
		if got := again.Href(false); got != href {
			t.Fatalf("%q became %q, then %q", address, href, got)
		}
		originOf(u)
	})
}

// FuzzDecodeText checks that a stream of pieces decodes to the same as the whole.
func FuzzDecodeText(f *testing.F) {
	f.Add([]byte("aü€😀"), 3, 0)
	f.Add([]byte{0xf0, 0x9f, 0x92, 0xe2, 0x82, 0xac, 0xff}, 2, 0)
	f.Add([]byte{0x3d, 0xd8, 0x00, 0xde, 0x3d, 0xd8}, 3, 1)
	f.Fuzz(func(t *testing.T, raw []byte, cut, encoding int) {
		name := []string{encodingUTF8, encodingUTF16LE, encodingUTF16BE, encodingLatin1}[encoding&3]
		want, _, _ := decodeText(name, raw, false)
		cut = max(0, min(cut, len(raw)))
		first, used, _ := decodeText(name, raw[:cut], true)
		rest, _, _ := decodeText(name, raw[used:], false)
		if got := first + rest; got != want {
			t.Fatalf("%s %x cut at %d: got %q, want %q", name, raw, cut, got, want)
		}
	})
}

func TestQuery(t *testing.T) {
	for _, c := range []struct{ rule, query, want string }{
		{"as it was", "a=1&b=2", "a=1&b=2"},
		{"a plus is a space", "a+b=%2B", "a+b=%2B"},
		{"what is no escape stays", "a=%&b=%4", "a=%25&b=%254"},
		{"nothing between two &", "&&a=1&", "a=1"},
		{"bytes that are no UTF-8", "a=%ff", "a=%EF%BF%BD"},
	} {
		if got := formatQuery(parseQuery(c.query)); got != c.want {
			t.Errorf("%s: got %q, want %q", c.rule, got, c.want)
		}
	}
}
