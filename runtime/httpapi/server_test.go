package httpapi

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/sandbox"
)

func TestShutdown(t *testing.T) {
	canceled := &sandbox.Error{Code: sandbox.Canceled, Message: "canceled"}
	tests := []struct {
		rule    string
		handler func(context.Context) error // what the handler does
		want    int                         // status that the client gets, 0 for a cut connection
		err     string
		took    time.Duration // 10 s are given, and 5 s of grace
	}{
		{"a request that runs is finished", func(context.Context) error {
			time.Sleep(8 * time.Second)
			return nil
		}, 200, "", 8 * time.Second},
		{"one that takes too long is told, and can say so", func(ctx context.Context) error {
			<-ctx.Done()
			return canceled
		}, 503, "ended before they were done", 10 * time.Second},
		{"one that does not listen is cut off", func(context.Context) error {
			time.Sleep(20 * time.Second)
			return nil
		}, 0, "cut off", 15 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := newLogBuffer()
				s := servePipes(t, func(ctx context.Context, _ runtime.Call) (runtime.Reply, error) {
					return text(200, "ok"), tt.handler(ctx)
				}, func(c *Config) { c.Log = log.logger() })
				conn := s.dial(pipeGet)
				synctest.Wait()
				got := make(chan int, 1)
				go func() { got <- status(t, conn) }()

				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				start := time.Now()
				err := s.Shutdown(ctx)
				if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
					t.Errorf("got error %v, want %q", err, tt.err)
				}
				if took := time.Since(start); took < tt.took || took > tt.took+time.Second {
					t.Errorf("it took %v, want %v", took, tt.took)
				}
				if status := <-got; status != tt.want {
					t.Errorf("the client got status %d, want %d", status, tt.want)
				}
				conn.Close()
				synctest.Wait()
				if line := log.line("request"); tt.want == 503 && line["status"] != 503.0 {
					t.Errorf("got log line %v, want status 503: the client still waits", line)
				}
				time.Sleep(30 * time.Second) // the handler that does not listen
			})
		})
	}
}

func TestShutdownRefusesConnections(t *testing.T) {
	s := NewServer(ServerConfig{Handler: http.NotFoundHandler()})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve: got %v, want nil", err)
	}
	if conn, err := net.Dial("tcp", l.Addr().String()); err == nil {
		conn.Close()
		t.Error("a connection was taken after the shutdown")
	}
	if err := s.Serve(l); err != nil {
		t.Errorf("Serve after Shutdown: got %v, want nil", err)
	}
}

// More connections than MaxConns wait until one is closed; none is lost.
func TestMaxConns(t *testing.T) {
	address := serve(t, newTestHandler(t, demoHost, nil), func(c *ServerConfig) { c.MaxConns = 2 })
	var conns []net.Conn
	for range 3 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, pipeGet); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	for _, conn := range conns[:2] {
		if got := status(t, conn); got != 200 {
			t.Fatalf("got status %d, want 200", got)
		}
	}
	if err := conns[2].SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if got := status(t, conns[2]); got != 0 {
		t.Fatalf("a third connection got status %d while two were open", got)
	}
	conns[0].Close()
	if err := conns[2].SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if got := status(t, conns[2]); got != 200 {
		t.Errorf("once there was room the third got status %d, want 200", got)
	}
}

// A listener that is closed while every slot is taken stops waiting for one.
func TestMaxConnsShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipes{conns: make(chan net.Conn, 1), done: make(chan struct{})}
		l := newBoundedListener(p, 1, 0, nil)
		client, server := net.Pipe()
		defer client.Close()
		p.conns <- server
		first, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer first.Close()
		ended := make(chan error, 1)
		go func() {
			_, err := l.Accept()
			ended <- err
		}()
		synctest.Wait()
		l.Close()
		if err := <-ended; err == nil {
			t.Error("Accept after Close: got a connection")
		}
	})
}
