package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime/httpapi/admin"
)

func newToken() *cobra.Command {
	return group("token", "Make, list and revoke the tokens that callers sign in with", newTokenNew(), newTokenList(), newTokenRevoke())
}

func newTokenNew() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "new",
		Short: "Make a token and print it, this once",
		Long: `Makes a token of the organization and prints it. It is not kept, and not shown
again: only its hash is stored. Without --user it is a service's, named after it.`,
		Example: `  annex token new --org acme --user ada --email ada@acme.example --role admin --expires 90d
  annex token new --org acme --role member --expires 2027-01-31 --json`,
		Args: exactly(0, ""),
	}
	f := cmd.Flags()
	user := f.String("user", "", "id of the user, which handlers see")
	email := f.String("email", "", "e-mail address of the user, which handlers see")
	role := f.String("role", "member", "member: call extensions; admin: also look after them; operator: look after the host")
	expires := f.String("expires", "90d", "how long it is good: a number of days or hours such as 90d or 12h, a date, or never")
	door := addDoorFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		until, err := parseExpiry(*expires, time.Now())
		if err != nil {
			return err
		}
		return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
			made, err := admin.Do(ctx, c, admin.NewToken, admin.NewTokenIn{
				InOrg: door.in(), User: *user, Email: *email, Role: *role, Expires: until,
			})
			if err != nil {
				return err
			}
			if !door.asJSON {
				fmt.Fprintf(cmd.ErrOrStderr(), "annex: token %s of %s (%s), good until %s; it is not shown again\n", made.ID, made.User, made.Role, shownTime(made.ExpiresAt))
			}
			return door.print(cmd, made, func(out io.Writer) { fmt.Fprintln(out, made.Value) })
		})
	}
	return cmd
}

// parseExpiry returns when a token made now ends; zero: never.
func parseExpiry(value string, now time.Time) (time.Time, error) {
	if value == "never" {
		return time.Time{}, nil
	}
	if days, ok := strings.CutSuffix(value, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n <= 36500 {
			return now.AddDate(0, 0, n).UTC().Truncate(time.Second), nil
		}
	}
	if d, err := time.ParseDuration(value); err == nil && d > 0 {
		return now.Add(d).UTC().Truncate(time.Second), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, value); err == nil {
			if !t.After(now) {
				return time.Time{}, usagef("--expires %s: has passed", value)
			}
			return t.UTC(), nil
		}
	}
	return time.Time{}, usagef("--expires %s: want 90d, 12h, a date such as 2027-01-31, or never", value)
}

func shownTime(t time.Time) string {
	if t.IsZero() {
		return "it is revoked"
	}
	return t.UTC().Format(time.RFC3339)
}

func newTokenList() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the tokens of the organization; never their values",
		Example: "  annex token list --org acme --json",
		Args:    exactly(0, ""),
	}
	door := addDoorFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
			all := []admin.Token{}
			for in := (admin.ListTokensIn{InOrg: door.in()}); ; {
				page, err := admin.Do(ctx, c, admin.ListTokens, in)
				if err != nil {
					return err
				}
				all = append(all, page.Tokens...)
				if in.After = page.Next; in.After == "" {
					break
				}
			}
			return door.print(cmd, all, func(out io.Writer) {
				for _, t := range all {
					until := "until " + shownTime(t.ExpiresAt)
					if t.Expired {
						until = "expired"
					}
					fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", t.ID, t.Role, t.User, until)
				}
			})
		})
	}
	return cmd
}

func newTokenRevoke() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "revoke ID",
		Short: "End a token: the next call with it is denied",
		Long: `Ends a token: the next call with it is denied. Tokens that an admin made with it stay;
annex audit list --action token.new --credential ID shows which they are.`,
		Example: "  annex token revoke --org acme 3f9c2d71a0b45e88",
		Args:    exactly(1, "ID"),
	}
	door := addDoorFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
			if _, err := admin.Do(ctx, c, admin.RevokeToken, admin.OfToken{InOrg: door.in(), Token: args[0]}); err != nil {
				return err
			}
			return door.print(cmd, map[string]string{"revoked": args[0]}, func(out io.Writer) { fmt.Fprintf(out, "revoked token %s\n", args[0]) })
		})
	}
	return cmd
}
