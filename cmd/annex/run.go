package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/httpapi"
	"github.com/annexhost/annex/runtime/manifest"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/standard"
)

// runOrg is the organization of annex run.
const runOrg = "demo"

// demoUser is who calls when --user does not say.
const demoUser = `{"id":"demo","email":"demo@example.com","orgId":"demo","role":"admin"}`

func newRun() *cobra.Command {
	var data, route, body, user string
	var asJSON bool
	var logs runLogs
	cmd := &cobra.Command{
		Use:   "run [flags] PACKAGE",
		Short: "Run one handler once and print its answer",
		Long: `Installs PACKAGE (a directory or a .bpx file), calls one route, prints the answer
and forgets everything, unless --data names a directory to keep the state in.
Handlers run in this process: run what you trust.`,
		Example: `  annex run --route "GET greet/Ada" examples/hello
  annex run --approve-all --data ./state --route "POST notes" --body '{"text":"hi"}' examples/notes
  annex run --grant storage:database --json ./my-extension`,
		Args: exactly(1, "PACKAGE"),
	}
	f := cmd.Flags()
	f.StringVar(&data, "data", "", "directory that keeps the state (default: in memory)")
	f.StringVar(&route, "route", "", `route to call, "METHOD path" (default: the only one)`)
	f.StringVar(&body, "body", "", "request body, JSON")
	f.StringVar(&user, "user", demoUser, "who calls, JSON with id, email, orgId and role, or null")
	f.BoolVar(&asJSON, "json", false, "print status, headers, body, logs and durationMs as JSON")
	approve := addApprovalFlags(cmd)
	f.StringSliceVar(&approve.grant, "grant", nil, "approve exactly these permissions; none approves nothing")
	policy := addPolicyFlags(cmd)
	keys := addKeyFlags(cmd)
	log := addLogFlag(cmd, "error")
	addSettings(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if approve.all && len(approve.grant) > 0 {
			return usagef("--approve-all and --grant contradict each other")
		}
		call, err := parseCall(route, body, user)
		if err != nil {
			return err
		}
		options, err := hostOptions(cmd, policy, keys, *log)
		if err != nil {
			return err
		}
		options.OnLog = logs.add
		host, err := openHost(cmd.Context(), data, options)
		if err != nil {
			return err
		}
		defer host.Close(context.WithoutCancel(cmd.Context()))
		if err := buildModules(cmd, args[0]); err != nil {
			return err
		}
		m, err := install(cmd, host, runOrg, args[0], approve)
		if err != nil {
			return err
		}
		if err := chooseRoute(&call, m); err != nil {
			return err
		}
		reply, err := host.Invoke(cmd.Context(), call)
		if asJSON {
			return printRunJSON(cmd.OutOrStdout(), reply, err, logs.lines)
		}
		logs.print(cmd.ErrOrStderr())
		return printRun(cmd.OutOrStdout(), cmd.ErrOrStderr(), reply, err)
	}
	return cmd
}

// parseCall makes the call that the flags describe, still without its extension.
func parseCall(route, body, user string) (runtime.Call, error) {
	call := runtime.Call{ID: "run", Org: runOrg}
	if body != "" {
		if !json.Valid([]byte(body)) {
			return call, usagef("--body is not JSON")
		}
		call.Body = []byte(body)
		call.Header = append(call.Header, [2]string{"content-type", "application/json"})
	}
	if user != "null" {
		call.User = new(bridge.User)
		if err := json.Unmarshal([]byte(user), call.User); err != nil {
			return call, usagef("--user: %v", err)
		}
	}
	if route != "" {
		method, path, ok := strings.Cut(route, " ")
		if !ok {
			return call, usagef("--route %q: want a method and a path, such as \"GET notes\"", route)
		}
		call.Method = strings.ToUpper(method)
		path, call.RawQuery, _ = strings.Cut(strings.TrimSpace(path), "?")
		call.Path = strings.TrimPrefix(path, "/")
	}
	return call, nil
}

// chooseRoute completes the call from the manifest.
func chooseRoute(call *runtime.Call, m *manifest.Manifest) error {
	routes := m.Contributes.APIRoutes
	if call.Method == "" {
		if len(routes) != 1 {
			return usagef("%s has %d routes; --route says which:%s", m.ID, len(routes), listRoutes(routes))
		}
		call.Method, call.Path = routes[0].Method, routes[0].Path
	}
	call.Extension = string(m.ID)
	call.URL = "http://localhost/extensions/" + call.Extension + "/" + call.Path
	if call.RawQuery != "" {
		call.URL += "?" + call.RawQuery
	}
	return nil
}

func listRoutes(routes []manifest.Route) string {
	var b strings.Builder
	for _, r := range routes {
		fmt.Fprintf(&b, "\n  --route %q", r.Method+" "+r.Path)
	}
	return b.String()
}

// runLogs collects what the handler logs.
type runLogs struct {
	mu    sync.Mutex
	lines []runLog
}

type runLog struct {
	Level   string          `json:"level"`
	Message string          `json:"message"`
	Fields  json.RawMessage `json:"fields,omitempty"`
}

func (l *runLogs) add(line runtime.LogLine) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, runLog{Level: line.Level, Message: line.Message, Fields: line.Fields})
}

func (l *runLogs) print(w io.Writer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines {
		fmt.Fprintf(w, "[%s] %s", line.Level, line.Message)
		if len(line.Fields) > 0 {
			fmt.Fprintf(w, " %s", line.Fields)
		}
		fmt.Fprintln(w)
	}
}

// printRunJSON prints the answer for a program. An error is printed as the
// HTTP answer that it would be; the exit code tells it apart.
func printRunJSON(w io.Writer, reply runtime.Reply, failed error, logs []runLog) error {
	answer := struct {
		Status     int               `json:"status"`
		Headers    map[string]string `json:"headers"`
		Body       any               `json:"body"`
		Logs       []runLog          `json:"logs"`
		DurationMs float64           `json:"durationMs"`
	}{
		Status: reply.Status, Headers: map[string]string{}, Body: nil, Logs: logs,
		DurationMs: float64(reply.Ledger.Wall) / float64(time.Millisecond),
	}
	if logs == nil {
		answer.Logs = []runLog{}
	}
	for _, h := range reply.Header {
		answer.Headers[h[0]] = h[1]
	}
	switch {
	case failed != nil:
		outcome := httpapi.Outcome(failed)
		answer.Status = outcome.Status
		answer.Body = map[string]string{"error": outcome.Error, "message": failed.Error()}
	case strings.HasPrefix(answer.Headers["content-type"], "application/json"):
		answer.Body = json.RawMessage(reply.Body)
	case len(reply.Body) > 0:
		answer.Body = string(reply.Body)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(answer); err != nil {
		return err
	}
	if failed != nil {
		return &saidError{httpapi.Outcome(failed).Exit}
	}
	return nil
}

// printRun prints the answer for a person.
func printRun(out, errOut io.Writer, reply runtime.Reply, failed error) error {
	if failed != nil {
		return explain(errOut, failed)
	}
	fmt.Fprintf(out, "%d %s\n", reply.Status, http.StatusText(reply.Status))
	headers := append([][2]string(nil), reply.Header...)
	sort.Slice(headers, func(i, j int) bool { return headers[i][0] < headers[j][0] })
	for _, h := range headers {
		fmt.Fprintf(out, "%s: %s\n", h[0], h[1])
	}
	if len(reply.Body) > 0 {
		fmt.Fprintf(out, "\n%s\n", reply.Body)
	}
	return nil
}

// explain prints what went wrong in a handler, with the author's stack.
func explain(w io.Writer, failed error) error {
	e := sandbox.AsError(failed)
	text := e.Message
	if e.Name != "" {
		text = e.Name + ": " + text
	}
	if strings.HasPrefix(e.Stack, text) {
		text = strings.TrimRight(e.Stack, "\n") // begins with the same words
	}
	fmt.Fprintf(w, "annex: %s\n", text)
	return &saidError{httpapi.Outcome(failed).Exit}
}

// openHost opens a host on a directory, or in memory.
func openHost(ctx context.Context, data string, o standard.Options) (*standard.Host, error) {
	if data == "" {
		return standard.OpenMemory(ctx, o)
	}
	return standard.Open(ctx, data, o)
}
