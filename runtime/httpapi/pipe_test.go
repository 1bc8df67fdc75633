package httpapi

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/sandbox"
)

// pipes is a listener without a network, so that time can be a fake.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	close(p.done)
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// pipeServer is a Server on pipes, inside a bubble of synctest, which also
// fails when a goroutine stays behind.
type pipeServer struct {
	*Server
	t       *testing.T
	handler *Handler
	pipe    *pipes
}

func servePipes(t *testing.T, host hostFunc, change func(*Config)) *pipeServer {
	t.Helper()
	h := newTestHandler(t, host, change)
	s := &pipeServer{
		Server: NewServer(ServerConfig{Handler: h}),
		t:      t, handler: h, pipe: &pipes{conns: make(chan net.Conn), done: make(chan struct{})},
	}
	go s.Serve(s.pipe)
	return s
}

// dial opens a connection and sends raw on it.
func (s *pipeServer) dial(raw string) net.Conn {
	client, server := net.Pipe()
	s.pipe.conns <- server
	if _, err := io.WriteString(client, raw); err != nil {
		s.t.Fatal(err)
	}
	return client
}

// ends shuts the server down and checks that this took no longer than it may.
func (s *pipeServer) ends() {
	s.t.Helper()
	if err := s.Shutdown(s.t.Context()); err != nil {
		s.t.Errorf("Shutdown: %v", err)
	}
}

// status reads one answer and returns its status, 0 for a connection that ended.
func status(t *testing.T, conn net.Conn) int {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0
	}
	if _, err := io.ReadAll(resp.Body); err != nil {
		t.Errorf("the answer was cut off: %v", err)
	}
	return resp.StatusCode
}

const (
	pipeGet  = "GET /extensions/acme.demo/hello HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + testToken + "\r\n\r\n"
	pipePost = "POST /extensions/acme.demo/hello HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + testToken + "\r\n"
)

// Every wait for a client has an end.
func TestSlowClients(t *testing.T) {
	tests := []struct {
		rule string
		send []string // one after the other, a second apart, as long as they are taken
		want int      // status of the answer, 0 for none
		end  time.Duration
	}{
		{"a connection on which nothing comes", []string{""}, 0, 10 * time.Second},
		{"a header that drips", append([]string{"GET / HTTP/1.1\r\n"}, drip("X: y\r\n", 100)...), 0, 10 * time.Second},
		{"a body that drips", append([]string{pipePost + "Content-Length: 100\r\n\r\n"}, drip("x", 60)...), 408, 30 * time.Second},
		{"chunks that drip", append([]string{pipePost + "Transfer-Encoding: chunked\r\n\r\n"}, drip("1\r\nx\r\n", 60)...), 408, 30 * time.Second},
		{"a body that is announced to somebody else", []string{"POST /extensions/acme.demo/hello HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"}, 401, time.Second},
		{"a body that was asked for and does not come", []string{"GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"}, 200, time.Second},
		{"a connection that stays open after its answer", []string{pipeGet}, 200, 72 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := servePipes(t, demoHost, nil)
				start := time.Now()
				conn := s.dial(tt.send[0])
				sent := make(chan struct{})
				go func() {
					defer close(sent)
					for _, more := range tt.send[1:] {
						time.Sleep(time.Second)
						if _, err := io.WriteString(conn, more); err != nil {
							return
						}
					}
				}()
				if got := status(t, conn); got != tt.want {
					t.Errorf("got status %d, want %d", got, tt.want)
				}
				if _, err := io.Copy(io.Discard, conn); err != nil {
					t.Errorf("the connection: %v", err)
				}
				if got := time.Since(start); got < tt.end || got > tt.end+time.Second {
					t.Errorf("the connection ended after %v, want %v", got, tt.end)
				}
				conn.Close()
				<-sent
				s.ends()
			})
		})
	}
}

// A body is only given room as it arrives.
func TestPromiseOfMuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := servePipes(t, demoHost, nil)
		conn := s.dial(pipePost + "Content-Length: 1000000\r\n\r\nx")
		synctest.Wait()
		if got := s.handler.held.Load(); got == 0 || got > firstRead {
			t.Errorf("%d bytes are held for 1 byte that came and a million announced, want at most %d", got, firstRead)
		}
		conn.Close()
		s.ends()
	})
}

// Who sends a body that is refused, and slowly, gets to send it, so that an
// answer to it is read: within bounds.
func TestRefusedBodyIsDrained(t *testing.T) {
	const piece = 256 << 10
	tests := []struct {
		rule   string
		pieces int
		pause  time.Duration // after each
		whole  bool
	}{
		{"2 MiB in 0.8 s", 8, 100 * time.Millisecond, true},
		{"more than 4 MiB", 40, time.Millisecond, false},
		{"more than a second", 8, 400 * time.Millisecond, false},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			s := servePipes(t, demoHost, nil)
			conn := s.dial(fmt.Sprintf("%sContent-Length: %d\r\n\r\n", pipePost, tt.pieces*piece))
			if got := status(t, conn); got != 413 {
				t.Errorf("%s: got status %d, want 413", tt.rule, got)
			}
			var err error
			for range tt.pieces {
				if _, err = conn.Write(make([]byte, piece)); err != nil {
					break
				}
				time.Sleep(tt.pause)
			}
			if (err == nil) != tt.whole {
				t.Errorf("%s: sending ended with %v, want it taken: %t", tt.rule, err, tt.whole)
			}
			conn.Close()
			s.ends()
		})
	}
}

func drip(s string, times int) []string {
	var drops []string
	for range times {
		drops = append(drops, s)
	}
	return drops
}

// A client that does not take its answer does not keep it in memory for ever.
func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := servePipes(t, func(context.Context, runtime.Call) (runtime.Reply, error) {
			return text(200, string(make([]byte, 1<<20))), nil
		}, nil)
		conn := s.dial(pipeGet)
		time.Sleep(31 * time.Second)
		n, err := io.Copy(io.Discard, conn)
		if err != nil || n >= 1<<20 {
			t.Errorf("31 s later %d bytes came, %v; want the connection to be closed", n, err)
		}
		s.ends()
	})
}

// None of the limits for clients is one for handlers.
func TestSlowHandler(t *testing.T) {
	for _, request := range []string{pipeGet, pipePost + "Content-Length: 5\r\n\r\nhello", pipePost + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"} {
		synctest.Test(t, func(t *testing.T) {
			s := servePipes(t, func(ctx context.Context, _ runtime.Call) (runtime.Reply, error) {
				select {
				case <-time.After(10 * time.Minute):
					return text(200, "late"), nil
				case <-ctx.Done():
					return runtime.Reply{}, ctx.Err()
				}
			}, nil)
			conn := s.dial(request)
			if got := status(t, conn); got != 200 {
				t.Errorf("a handler of 10 minutes: got status %d, want 200", got)
			}
			conn.Close()
			s.ends()
		})
	}
}

// An answer that begins late may be taken as slowly as an early one.
func TestSlowReaderOfALateAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := servePipes(t, func(context.Context, runtime.Call) (runtime.Reply, error) {
			time.Sleep(25 * time.Second)
			return text(200, string(make([]byte, 1<<20))), nil
		}, nil)
		conn := s.dial(pipeGet)
		time.Sleep(50 * time.Second) // 25 s after it began
		if got := status(t, conn); got != 200 {
			t.Errorf("got status %d, want 200", got)
		}
		conn.Close()
		s.ends()
	})
}

func TestClientGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan struct{})
		log := newLogBuffer()
		s := servePipes(t, func(ctx context.Context, _ runtime.Call) (runtime.Reply, error) {
			<-ctx.Done()
			close(ended)
			return runtime.Reply{}, &sandbox.Error{Code: sandbox.Canceled, Message: "canceled"}
		}, func(c *Config) { c.Log = log.logger() })
		conn := s.dial(pipeGet)
		synctest.Wait()
		conn.Close()
		<-ended
		s.ends()
		if line := log.line("request"); line["status"] != 499.0 || line["error"] != "UNAVAILABLE" {
			t.Errorf("got log line %v, want status 499", line)
		}
	})
}
