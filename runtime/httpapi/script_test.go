package httpapi

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the expected output of the scripts")

// TestScripts runs testdata/script: what the surface answers, as text. A script
// has the command
//
//	http [-H FIELD]... [-d BODY] METHOD PATH
//
// which sends the path as it stands and prints status, header and body.
func TestScripts(t *testing.T) {
	h := newTestHandler(t, demoHost, func(c *Config) { c.BaseURL = "https://apps.example.com/" })
	address := serve(t, h, nil)
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("AUTH", "Authorization: Bearer "+testToken)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"http": func(ts *testscript.TestScript, _ bool, args []string) {
				answer, err := roundTrip(address, args)
				ts.Check(err)
				fmt.Fprint(ts.Stdout(), answer)
			},
		},
	})
}

// roundTrip is the command http.
func roundTrip(address string, args []string) (string, error) {
	var fields, body string
	for len(args) > 2 {
		switch args[0] {
		case "-H":
			fields += args[1] + "\r\n"
		case "-d":
			body = args[1]
			fields += fmt.Sprintf("Content-Length: %d\r\n", len(body))
		default:
			return "", fmt.Errorf("http: unknown flag %s", args[0])
		}
		args = args[2:]
	}
	if len(args) != 2 {
		return "", fmt.Errorf("usage: http [-H FIELD]... [-d BODY] METHOD PATH")
	}
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return "", err
	}
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: example.com\r\nX-Request-Id: id-1\r\n%s\r\n%s", args[0], args[1], fields, body)
	return readAnswer(bufio.NewReader(conn), args[0])
}

// readAnswer renders one answer: status, sorted header without its date, body.
func readAnswer(r *bufio.Reader, method string) (string, error) {
	resp, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var lines []string
	for name, values := range resp.Header {
		for _, value := range values {
			if name != "Date" {
				lines = append(lines, name+": "+value)
			}
		}
	}
	if resp.Close {
		lines = append(lines, "Connection: close")
	}
	slices.Sort(lines)
	body, err := io.ReadAll(resp.Body)
	return fmt.Sprintf("%d\n%s\n\n%s\n", resp.StatusCode, strings.Join(lines, "\n"), body), err
}
