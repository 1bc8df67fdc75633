package egress

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	w.Close()
	return b.Bytes()
}

func zlibbed(data []byte) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write(data)
	w.Close()
	return b.Bytes()
}

func deflated(data []byte) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.DefaultCompression)
	if err != nil {
		panic(err)
	}
	w.Write(data)
	w.Close()
	return b.Bytes()
}

func TestBodiesAreDecoded(t *testing.T) {
	text := []byte(strings.Repeat("so it goes. ", 1000))
	flipped := gzipped(text)
	flipped[len(flipped)-5] ^= 1 // in the checksum
	for _, c := range []struct {
		rule   string
		coding string
		sent   []byte
		want   []byte // nil: unavailable
		keeps  string // of the content-encoding that the caller sees
	}{
		{"no coding", "", text, text, ""},
		{"gzip", "gzip", gzipped(text), text, ""},
		{"gzip in another case", "GZip", gzipped(text), text, ""},
		{"its old name", "x-gzip", gzipped(text), text, ""},
		{"members of gzip", "gzip", slices.Concat(gzipped(text), gzipped(text)), slices.Concat(text, text), ""},
		{"deflate is zlib", "deflate", zlibbed(text), text, ""},
		{"deflate without its frame", "deflate", deflated(text), text, ""},
		{"an empty body", "gzip", nil, nil, "gzip"},
		{"a coding that was not asked for", "br", []byte("brotli"), []byte("brotli"), "br"},
		{"codings on top of each other", "gzip, gzip", gzipped(gzipped(text)), gzipped(gzipped(text)), "gzip, gzip"},
		{"no gzip", "gzip", text, nil, ""},
		{"gzip with another checksum", "gzip", flipped, nil, ""},
		{"gzip cut short", "gzip", gzipped(text)[:30], nil, ""},
		{"gzip with a tail", "gzip", append(gzipped(text), "a tail of text"...), nil, ""},
		{"deflate of noise", "deflate", []byte("\xff\xff\xff\xff"), nil, ""},
		{"zlib with a dictionary", "deflate", []byte("\x78\xbb\x00\x00\x00\x02data"), nil, ""},
	} {
		at := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if c.coding != "" {
				w.Header().Set("Content-Encoding", c.coding)
			}
			w.Header().Set("Content-Type", "text/plain")
			w.Write(c.sent)
		})
		resp, err := get(t, newGateway(t, reach(map[string]netip.AddrPort{"a.com": at})), "http://a.com/")
		if c.want == nil && c.sent != nil {
			want := "response of a.com is not coded as its header says"
			if strings.HasSuffix(c.rule, "cut short") {
				want = "a.com closed the connection before the end of the response"
			}
			if e := wantKind(t, err, Unavailable); e.Message != want {
				t.Errorf("%s: got %q, want %q", c.rule, e.Message, want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: got error %v, want none", c.rule, err)
			continue
		}
		if !bytes.Equal(resp.Body, c.want) {
			t.Errorf("%s: got %d bytes, want %d", c.rule, len(resp.Body), len(c.want))
		}
		if got := field(resp, "content-encoding"); got != c.keeps {
			t.Errorf("%s: content-encoding: got %q, want %q", c.rule, got, c.keeps)
		}
		if got, want := field(resp, "content-length") != "", c.coding == "" || c.keeps != ""; got != want && len(c.sent) < 2048 {
			t.Errorf("%s: a content-length: got %v, want %v", c.rule, got, want)
		}
	}
}

func TestBodiesAreBounded(t *testing.T) {
	const limit = 64 << 10
	exact := bytes.Repeat([]byte("x"), limit)
	endless := func(piece []byte) func(io.Writer) {
		return func(w io.Writer) {
			for {
				if _, err := w.Write(piece); err != nil {
					return
				}
			}
		}
	}
	once := func(data []byte) func(io.Writer) { return func(w io.Writer) { w.Write(data) } }
	for _, c := range []struct {
		rule   string
		coding string
		length string
		send   func(io.Writer)
		fits   bool
	}{
		{"exactly the limit", "", "", once(exact), true},
		{"exactly the limit, its length told", "", fmt.Sprint(limit), once(exact), true},
		{"one byte more", "", "", once(append(exact, 'x')), false},
		{"a length over the limit", "", fmt.Sprint(limit + 1), once(exact[:1]), false},
		{"without end", "", "", endless(exact), false},
		{"exactly the limit in gzip", "gzip", "", once(gzipped(exact)), true},
		{"one byte more in gzip", "gzip", "", once(gzipped(append(exact, 'x'))), false},
		{"a bomb of gzip", "gzip", "", once(gzipped(make([]byte, 4<<20))), false},
		{"a bomb of zlib", "deflate", "", once(zlibbed(make([]byte, 4<<20))), false},
		{"a bomb of deflate", "deflate", "", once(deflated(make([]byte, 4<<20))), false},
		{"gzip that decodes to nothing for ever", "gzip", "", endless(gzipped(nil)), false},
		{"deflate that decodes to nothing for ever", "deflate", "", endless([]byte{0, 0, 0, 0xff, 0xff}), false},
		{"another coding without end", "br", "", endless(exact), false},
	} {
		at := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if c.coding != "" {
				w.Header().Set("Content-Encoding", c.coding)
			}
			if c.length != "" {
				w.Header().Set("Content-Length", c.length)
			}
			c.send(w)
		})
		seen := &records{}
		p := reach(map[string]netip.AddrPort{"a.com": at})
		p.Observer = seen
		g := newGateway(t, p)
		resp, err := g.Client("o").Fetch(t.Context(), Request{URL: "http://a.com/"}, all, Limits{MaxBody: limit})
		received := seen.all()[0].Received
		if received > 3*limit {
			t.Errorf("%s: read %d bytes from the connection, want about %d", c.rule, received, limit)
		}
		if c.fits {
			if err != nil || len(resp.Body) != limit {
				t.Errorf("%s: got error %v, want %d bytes", c.rule, err, limit)
			}
			continue
		}
		if e := wantKind(t, err, Exhausted); e.Message != "response of a.com is larger than 65536 bytes" {
			t.Errorf("%s: got %q", c.rule, e.Message)
		}
	}
}

// TestAnswersWithoutABody: length and coding are those of the body they stand for.
func TestAnswersWithoutABody(t *testing.T) {
	answer := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000000000")
		w.Header().Set("Content-Encoding", "gzip")
		if r.URL.Path == "/304" {
			w.WriteHeader(http.StatusNotModified)
		}
	}
	secure, roots := serveTLS(t, true, answer)
	g := newGateway(t, Policy{
		AllowCIDR: loopback, RootCAs: roots,
		Resolve: map[string]netip.AddrPort{"a.com": serve(t, answer), "example.com": secure},
	})
	for _, c := range []struct{ method, url string }{
		{"HEAD", "http://a.com/"},
		{"HEAD", "https://example.com/"},
		{"GET", "http://a.com/304"},
		{"GET", "https://example.com/304"},
	} {
		resp := mustFetch(t, g, Request{URL: c.url, Method: c.method})
		if got, want := field(resp, "content-encoding"), "gzip"; got != want || len(resp.Body) != 0 {
			t.Errorf("%s %s: got coding %q and %d bytes, want %q and none", c.method, c.url, got, len(resp.Body), want)
		}
	}
}

// FuzzReadBody proves that no stream gives more than the limit, takes more than
// its share of the wire, or ends the process.
func FuzzReadBody(f *testing.F) {
	for _, coding := range []string{"", "gzip", "deflate"} {
		f.Add(coding, gzipped([]byte("text")), int64(3))
		f.Add(coding, zlibbed(make([]byte, 10000)), int64(9999))
		f.Add(coding, deflated([]byte("text")), int64(100))
		f.Add(coding, []byte{}, int64(0))
	}
	f.Fuzz(func(t *testing.T, coding string, data []byte, limit int64) {
		limit &= 0xffff
		resp := &http.Response{
			Header:        http.Header{"Content-Encoding": {coding}},
			Body:          io.NopCloser(bytes.NewReader(data)),
			ContentLength: -1,
		}
		body, wire, decoded, err := readBody(resp, limit)
		if int64(len(body)) > limit || wire > wireLimit(limit) {
			t.Fatalf("got %d bytes of %d on the wire, limit %d", len(body), wire, limit)
		}
		if err == nil && !decoded && !bytes.Equal(body, data) {
			t.Fatalf("a body without a coding was changed")
		}
		if err != nil && !decoded && !errors.Is(err, errTooLarge) {
			t.Fatalf("got error %v for a body without a coding", err)
		}
	})
}

func TestASlowBodyEndsAtTheDeadline(t *testing.T) {
	for _, c := range []struct{ coding, first string }{
		{"", "x"},
		{"gzip", "\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xff"}, // a name follows, which does not end
	} {
		at := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", c.coding)
			io.WriteString(w, c.first)
			for r.Context().Err() == nil {
				io.WriteString(w, "x")
				w.(http.Flusher).Flush()
				time.Sleep(10 * time.Millisecond)
			}
		})
		g := newGateway(t, reach(map[string]netip.AddrPort{"a.com": at}))
		_, err := g.Client("o").Fetch(t.Context(), Request{URL: "http://a.com/"}, all, Limits{Timeout: 300 * time.Millisecond})
		if e := wantKind(t, err, Timeout); e.Message != "request to a.com timed out after 300ms" {
			t.Errorf("coding %q: got %q", c.coding, e.Message)
		}
	}
}
