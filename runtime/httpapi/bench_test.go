package httpapi

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/annexhost/annex/runtime"
)

// helloHost answers at once, so that what is left is this package's.
func helloHost(context.Context, runtime.Call) (runtime.Reply, error) {
	return runtime.Reply{
		Status: 200, Header: [][2]string{{"content-type", "application/json"}}, Body: helloBody,
		Extension: "acme.demo", Route: "GET hello",
		Rate:   runtime.Rate{Limit: 100, Remaining: 73, Reset: time.Unix(1_700_000_000, 0)},
		Ledger: runtime.Ledger{Wall: time.Millisecond},
	}, nil
}

var helloBody = []byte(`{"message":"Hello, world"}`)

// sink is a ResponseWriter that keeps nothing.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }
func (s *sink) WriteHeader(int)             {}

// What does this layer add to a request, without a network and without a host?
func BenchmarkHandler(b *testing.B) {
	loggers := []struct {
		name string
		log  hclog.Logger
	}{
		{"quiet", nil},
		{"logged", hclog.New(&hclog.LoggerOptions{Output: io.Discard, Level: hclog.Info})},
		{"logged-json", hclog.New(&hclog.LoggerOptions{Output: io.Discard, Level: hclog.Info, JSONFormat: true})},
	}
	for _, l := range loggers {
		b.Run(l.name, func(b *testing.B) {
			h := newTestHandler(b, helloHost, func(c *Config) { c.Log = l.log })
			r := request("GET", "/extensions/acme.demo/hello", "")
			r.Body = http.NoBody
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(&sink{make(http.Header, 16)}, r)
			}
		})
	}
}

// How many requests a second go over 16 connections, beside a bare handler of
// net/http that writes the same answer?
func BenchmarkHTTP(b *testing.B) {
	bare := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write(helloBody)
	})
	quiet := newTestHandler(b, helloHost, nil)
	logged := newTestHandler(b, helloHost, func(c *Config) {
		c.Log = hclog.New(&hclog.LoggerOptions{Output: io.Discard, Level: hclog.Info})
	})
	b.Run("bare", func(b *testing.B) { flood(b, bare) })
	b.Run("annex", func(b *testing.B) { flood(b, quiet) })
	b.Run("annex-logged", func(b *testing.B) { flood(b, logged) })
}

// flood sends b.N requests over 16 connections and reports the rate.
func flood(b *testing.B, handler http.Handler) {
	const connections = 16
	address := serve(b, handler, nil)
	raw := []byte("GET /extensions/acme.demo/hello HTTP/1.1\r\nHost: localhost:7433\r\nAuthorization: Bearer " + testToken +
		"\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n")
	var conns []net.Conn
	for range connections {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		conns = append(conns, conn)
	}
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for i, conn := range conns {
		wg.Go(func() {
			r := bufio.NewReader(conn)
			for range (b.N + i) / connections {
				if _, err := conn.Write(raw); err != nil {
					b.Error(err)
					return
				}
				if err := skipAnswer(r); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
}

// skipAnswer reads an answer of 200 with helloBody, cheaply.
func skipAnswer(r *bufio.Reader) error {
	line, err := r.ReadSlice('\n')
	if err == nil && !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")) {
		err = io.ErrUnexpectedEOF
	}
	for err == nil && len(line) > 2 {
		line, err = r.ReadSlice('\n')
	}
	if err != nil {
		return err
	}
	_, err = r.Discard(len(helloBody))
	return err
}
