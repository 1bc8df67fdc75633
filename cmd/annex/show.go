package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime/httpapi/admin"
)

func newShow() *cobra.Command {
	return onDoor(&cobra.Command{
		Use:     "show EXTENSION",
		Short:   "Show an installed extension: its routes, what it may do, what it has stored",
		Example: "  annex show notes\n  annex show annex.notes --json",
		Args:    exactly(1, "EXTENSION"),
	}, func(ctx context.Context, e errand, args []string) error {
		found, err := admin.Do(ctx, e.Client, admin.ShowExtension, e.door.of(args[0]))
		if err != nil {
			return err
		}
		return e.print(found, func(out io.Writer) { printExtension(out, found) })
	})
}

func printExtension(out io.Writer, d admin.ExtensionDetail) {
	fmt.Fprintf(out, "%s %s (%s), %s\n", d.Name, d.Version, d.ID, stateOf(d.Extension))
	if d.Description != "" {
		fmt.Fprintf(out, "%s\n", oneLine(d.Description))
	}
	fmt.Fprintf(out, "by %s, license %s\n", d.Publisher, oneLine(d.License))
	fmt.Fprintf(out, "installed %s, updated %s by %s\n", d.InstalledAt.Format(time.RFC3339), d.UpdatedAt.Format(time.RFC3339), d.InstalledBy)
	fmt.Fprintf(out, "package %s\n", d.Digest)
	if d.Pin != nil {
		fmt.Fprintf(out, "pinned since %s by %s\n", d.Pin.Since.Format(time.RFC3339), d.Pin.By)
	}
	if d.Pending != nil {
		fmt.Fprintf(out, "version %s waits for approval\n", d.Pending.Version)
	}
	fmt.Fprintln(out, "routes:")
	for _, r := range d.Routes {
		note := ""
		if r.Public {
			note = "  (public)"
		}
		fmt.Fprintf(out, "  %-6s %s%s\n", r.Method, r.Path, note)
	}
	fmt.Fprintln(out, "is allowed to:")
	printConsent(out, d.Allows)
	if !d.Missing.IsEmpty() {
		fmt.Fprintf(out, "asks for, without approval: %v\n", d.Missing)
	}
	fmt.Fprintf(out, "has stored %d keys, %d bytes\n", d.Storage.Keys, d.Storage.Bytes)
}

func newEnable() *cobra.Command {
	return newSwitch("enable", "Switch an extension on again", true)
}

func newDisable() *cobra.Command {
	return newSwitch("disable", "Switch an extension off; its data and its grants stay", false)
}

func newSwitch(name, short string, on bool) *cobra.Command {
	return onDoor(&cobra.Command{
		Use: name + " EXTENSION", Short: short,
		Long:    short + ". It holds from the next call on; what runs when it is switched off is ended.",
		Example: "  annex " + name + " annex.notes",
		Args:    exactly(1, "EXTENSION"),
	}, func(ctx context.Context, e errand, args []string) error {
		done, err := admin.Do(ctx, e.Client, admin.SetEnabled, admin.SetEnabledIn{OfExtension: e.door.of(args[0]), Enabled: on})
		if err != nil {
			return err
		}
		return e.print(done, func(out io.Writer) { fmt.Fprintf(out, "%s is %s\n", done.ID, stateOf(done)) })
	})
}

func newUninstall() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "uninstall EXTENSION",
		Short: "Uninstall an extension; its data is kept for a while",
		Long: `Stops the routes and revokes the grants at once. The data is kept for the grace
period of 30 days, and is there again when the extension is installed within it.

--purge destroys it now, its key first; that may also be asked for afterwards, by
the full id.`,
		Example: "  annex uninstall annex.notes\n  annex uninstall --purge annex.notes",
		Args:    exactly(1, "EXTENSION"),
	}
	purge := cmd.Flags().Bool("purge", false, "destroy the data now")
	return onDoor(cmd, func(ctx context.Context, e errand, args []string) error {
		done, err := admin.Do(ctx, e.Client, admin.Uninstall, admin.UninstallIn{OfExtension: e.door.of(args[0]), Purge: *purge})
		if err != nil {
			return err
		}
		return e.print(done, func(out io.Writer) {
			if done.Purged {
				fmt.Fprintf(out, "uninstalled %s; its data is destroyed\n", done.ID)
				return
			}
			fmt.Fprintf(out, "uninstalled %s; its data is kept until %s\n", done.ID, done.PurgeAt)
		})
	})
}

// oneLine is a stranger's text on one line: nothing in it moves the cursor.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}
