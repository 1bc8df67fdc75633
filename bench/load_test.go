package bench

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// load is what is asked of a server, over connections that stay open.
type load struct {
	request []byte
	conns   []net.Conn
}

const connections = 16

// newLoad opens the connections, and checks once that the answer is the right one.
func newLoad(t *testing.T, address, path, header string) *load {
	t.Helper()
	l := &load{request: fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\n%s\r\n", path, header)}
	for range connections {
		conn, err := net.Dial("tcp", address)
		must(t, err)
		t.Cleanup(func() { conn.Close() })
		l.conns = append(l.conns, conn)
	}
	_, err := l.conns[0].Write(l.request)
	must(t, err)
	answer, err := http.ReadResponse(bufio.NewReader(l.conns[0]), nil)
	must(t, err)
	body, err := io.ReadAll(answer.Body)
	must(t, err)
	if want := `{"message":"Hello, world!"}`; answer.StatusCode != 200 || string(bytes.TrimSpace(body)) != want {
		t.Fatalf("%s answers %d %s, want 200 %s", address, answer.StatusCode, body, want)
	}
	return l
}

// flood measures n requests, over all connections at once.
func (l *load) flood(t *testing.T) func(n int) time.Duration {
	return func(n int) time.Duration {
		var left atomic.Int64
		left.Store(int64(n))
		var all sync.WaitGroup
		began := time.Now()
		for _, conn := range l.conns {
			all.Go(func() {
				r := bufio.NewReader(conn)
				for left.Add(-1) >= 0 {
					_, err := conn.Write(l.request)
					if err == nil {
						err = skipAnswer(r)
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
		return time.Since(began)
	}
}

var contentLength = []byte("Content-Length: ")

// skipAnswer reads an answer of status 200, doing as little as it can: it takes
// from the servers what it needs of the machine.
func skipAnswer(r *bufio.Reader) error {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("answer %q", line)
	}
	length := -1
	for len(line) > len("\r\n") {
		if line, err = r.ReadSlice('\n'); err != nil {
			return err
		}
		if value, ok := bytes.CutPrefix(line, contentLength); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
	}
	if length < 0 {
		return errors.New("an answer without Content-Length")
	}
	_, err = r.Discard(length)
	return err
}
