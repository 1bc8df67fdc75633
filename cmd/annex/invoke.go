package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime/httpapi/admin"
)

func newInvoke() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "invoke EXTENSION ROUTE",
		Short: "Call a handler of an installed extension and print its answer",
		Long: `Calls a handler as a request would, with its limits and grants. ROUTE is a method
and a path. What the handler throws is the error of the command.`,
		Example: `  annex invoke annex.notes "GET notes"
  annex invoke annex.notes "POST notes" --body '{"text":"hi"}'
  annex invoke annex.notes "GET notes" --user '{"id":"u1","email":"u1@example.com","orgId":"acme","role":"member"}'`,
		Args: exactly(2, "EXTENSION and ROUTE"),
	}
	body := cmd.Flags().String("body", "", "request body, JSON")
	user := cmd.Flags().String("user", "", "who calls, JSON with id, email, orgId and role, or null (default: you, as an admin)")
	door := addDoorFlags(cmd)
	door.policy = addPolicyFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		method, path, ok := strings.Cut(strings.TrimSpace(args[1]), " ")
		if !ok {
			return usagef("%q: want a method and a path, such as \"GET notes\"", args[1])
		}
		in := admin.InvokeIn{OfExtension: door.of(args[0]), Method: method, Path: strings.TrimLeft(path, " /"), Body: *body}
		if *body != "" && !json.Valid([]byte(*body)) {
			return usagef("--body is not JSON")
		}
		switch {
		case *user == "null":
			in.Anonymous = true
		case *user != "":
			if err := json.Unmarshal([]byte(*user), &in.User); err != nil {
				return usagef("--user: %v", err)
			}
		}
		return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
			reply, err := admin.Do(ctx, c, admin.Invoke, in)
			if err != nil {
				return err
			}
			return door.print(cmd, reply, func(out io.Writer) { printReply(out, reply) })
		})
	}
	return cmd
}

func printReply(out io.Writer, r admin.Invoked) {
	fmt.Fprintf(out, "%d %s\n", r.Status, http.StatusText(r.Status))
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		fmt.Fprintf(out, "%s: %s\n", name, r.Headers[name])
	}
	body := r.Body
	if len(r.Bytes) > 0 {
		body = string(r.Bytes)
	}
	if body != "" {
		fmt.Fprintf(out, "\n%s\n", body)
	}
}
