package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/httpapi/admin"
)

func newGrants() *cobra.Command {
	return group("grants", "Show and change what an extension may do", newGrantsShow(), newGrantsNarrow(), newGrantsWiden())
}

func newGrantsShow() *cobra.Command {
	return onDoor(&cobra.Command{
		Use:     "show EXTENSION",
		Short:   "Show what an extension asks for, and what was approved",
		Example: "  annex grants show annex.weather",
		Args:    exactly(1, "EXTENSION"),
	}, func(ctx context.Context, e errand, args []string) error {
		g, err := admin.Do(ctx, e.Client, admin.ShowGrants, e.door.of(args[0]))
		if err != nil {
			return err
		}
		return e.print(g, func(out io.Writer) { printGrants(out, g) })
	})
}

func printGrants(out io.Writer, g admin.Grants) {
	fmt.Fprintf(out, "%s %s is allowed to:\n", g.ID, g.Version)
	printConsent(out, g.Allows)
	if len(g.Would) > 0 {
		fmt.Fprintln(out, "asks for, without approval:")
		printConsent(out, g.Would)
	}
}

func newGrantsNarrow() *cobra.Command {
	return onDoor(&cobra.Command{
		Use:   "narrow EXTENSION PERMISSION…",
		Short: "Take permissions away, from the next call on",
		Long: `Takes permissions away; "public" stands for public routes, "all" for everything.
Invocations that run at that moment are ended.`,
		Example: "  annex grants narrow annex.weather secrets:write public",
		Args:    atLeast(2, "EXTENSION and PERMISSION"),
	}, func(ctx context.Context, e errand, args []string) error {
		of := e.door.of(args[0])
		g, err := admin.Do(ctx, e.Client, admin.ShowGrants, of)
		if err != nil {
			return err
		}
		left := g.Granted
		for _, name := range args[1:] {
			if left, err = without(left, g.Granted, name); err != nil {
				return err
			}
		}
		return setGrants(ctx, e, of, g, left, "narrowed")
	})
}

// without takes a permission of all out of set.
func without(set, all permissions.Set, name string) (permissions.Set, error) {
	p := permissions.Permission(name)
	switch {
	case name == "all":
		return permissions.Set{}, nil
	case name == "public" && all.Public:
		set.Public = false
		return set, nil
	case !slices.Contains(all.Client, p) && !slices.Contains(all.Server, p):
		return set, usagef("%s is not granted", name)
	}
	keep := func(list []permissions.Permission) []permissions.Permission {
		return slices.DeleteFunc(slices.Clone(list), func(other permissions.Permission) bool { return other == p })
	}
	set.Client, set.Server = keep(set.Client), keep(set.Server)
	return set, nil
}

func newGrantsWiden() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "widen EXTENSION [PERMISSION…]",
		Short: "Approve what an extension asks for and does not have",
		Long: `Shows the consent texts of what the extension asks for and was not approved, or of
the permissions named, and asks. "public" stands for public routes.`,
		Example: "  annex grants widen annex.weather\n  annex grants widen --approve-all annex.weather http:domain:api.example.com",
		Args:    atLeast(1, "EXTENSION"),
	}
	all := cmd.Flags().Bool("approve-all", false, "approve without asking what is listed")
	return onDoor(cmd, func(ctx context.Context, e errand, args []string) error {
		of := e.door.of(args[0])
		g, err := admin.Do(ctx, e.Client, admin.ShowGrants, of)
		if err != nil {
			return err
		}
		more := g.Missing
		if len(args) > 1 {
			if more, err = chooseGrants(args[1:], g.ID, g.Missing); err != nil {
				return err
			}
		}
		if more.IsEmpty() {
			return e.print(g, func(out io.Writer) { fmt.Fprintf(out, "%s asks for nothing more\n", g.ID) })
		}
		how, err := (&approval{all: *all}).approve(ctx, e.cmd, question{
			id: g.ID, list: admin.StatementsOf(more), text: "Approve more for " + g.ID + "?",
			unasked: "there is no terminal to ask in", refused: "nothing was approved",
		})
		if err != nil {
			return err
		}
		return setGrants(ctx, e, of, g, union(g.Granted, more), "widened, "+how)
	})
}

// union is everything of both sets. Names under hosts are covered when the
// extension asks for them so and one of the two was approved so.
func union(a, b permissions.Set) permissions.Set {
	both := permissions.Set{Public: a.Public || b.Public, Subdomains: a.Subdomains || b.Subdomains}
	join := func(x, y []permissions.Permission) []permissions.Permission {
		all := slices.Concat(x, y)
		slices.Sort(all)
		return slices.Compact(all)
	}
	both.Client, both.Server = join(a.Client, b.Client), join(a.Server, b.Server)
	return both
}

// setGrants replaces what was shown, unless the extension was changed since.
func setGrants(ctx context.Context, e errand, of admin.OfExtension, shown admin.Grants, granted permissions.Set, how string) error {
	g, err := admin.Do(ctx, e.Client, admin.SetGrants, admin.SetGrantsIn{OfExtension: of, Granted: granted, Epoch: shown.Epoch, How: how})
	if err != nil {
		return err
	}
	return e.print(g, func(out io.Writer) { printGrants(out, g) })
}
