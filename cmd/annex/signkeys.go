package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime/manifest"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/signing"
)

func newKeys() *cobra.Command {
	return group("keys", "Look after the keys that sign packages", newKeysNew(), newKeysList(), newKeysRevoke(), newKeysTrust())
}

// serial is what people put behind the name of a publisher: acme-2026.
var serial = regexp.MustCompile(`-[0-9]+$`)

func newKeysNew() *cobra.Command {
	var publisher string
	var days int
	cmd := &cobra.Command{
		Use:   "new [flags] NAME",
		Short: "Make a key to sign packages with",
		Long: `Makes an Ed25519 key. NAME.key stays with you; NAME.pub.json is for whoever
installs your packages. Packages signed with it verify on this machine at once.`,
		Example: `  annex keys new acme-2026
  annex keys new --publisher acme --days 90 acme-ci`,
		Args: exactly(1, "NAME"),
	}
	cmd.Flags().StringVar(&publisher, "publisher", "", "whose packages it signs (default: NAME without a number behind it)")
	cmd.Flags().IntVar(&days, "days", 365, "days until it expires")
	ring := addRingFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if publisher == "" {
			publisher = serial.ReplaceAllString(args[0], "")
		}
		if !manifest.IsShortName(publisher) {
			return usagef("--publisher %q: want a publisher such as acme", publisher)
		}
		if days < 1 || days > 3650 {
			return usagef("--days %d: want 1 to 3650", days)
		}
		if err := signing.CheckKeyID(args[0]); err != nil {
			return usagef("%v", err)
		}
		now := time.Now()
		key, err := signing.Create(*ring, args[0], publisher, now, now.AddDate(0, 0, days))
		if errors.Is(err, signing.ErrExists) {
			return sandbox.Errorf(sandbox.Conflict, "%v", err)
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: signs packages of %s until %s\n  fingerprint %s\n  to give away: %s\n  to keep:      %s\n",
			key.KeyID, key.Issuer, key.ExpiresAt.Format(time.DateOnly), key.Fingerprint(),
			filepath.Join(*ring, key.KeyID+".pub.json"), filepath.Join(*ring, key.KeyID+".key"))
		return err
	}
	return cmd
}

// keyLine is a key as keys list prints it.
type keyLine struct {
	signing.PublicKey
	Fingerprint string `json:"fingerprint"`
	Status      string `json:"status"` // active, expired, inactive, revoked
	CanSign     bool   `json:"canSign"`
	Reason      string `json:"reason,omitempty"`
}

func newKeysList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the keys that are trusted here, and those that can sign",
		Example: "  annex keys list --json",
		Args:    exactly(0, ""),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	dir := addRingFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		lines, err := signingKeys(*dir)
		if err != nil {
			return err
		}
		if asJSON {
			return json.NewEncoder(cmd.OutOrStdout()).Encode(lines)
		}
		w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
		for _, l := range lines {
			use := "trusted"
			if l.CanSign {
				use = "can sign"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\tuntil %s\t%s\n", l.KeyID, l.Issuer, l.Status, use, l.Tier, l.ExpiresAt.Format(time.DateOnly), l.Fingerprint)
		}
		return w.Flush()
	}
	return cmd
}

func signingKeys(dir string) ([]keyLine, error) {
	ring, err := signing.OpenRing(dir)
	if err != nil {
		return nil, err
	}
	own, err := signing.Own(dir)
	if err != nil {
		return nil, err
	}
	lines := []keyLine{}
	for _, k := range ring.Keys() {
		l := keyLine{PublicKey: k, Fingerprint: k.Fingerprint(), Status: "active", CanSign: slices.Contains(own, k.KeyID)}
		var expired *signing.Error
		if errors.As(k.Check(time.Now()), &expired) {
			l.Status = map[signing.Code]string{signing.KeyExpired: "expired", signing.KeyInactive: "inactive"}[expired.Code]
		}
		if r, ok := ring.Revoked(k.KeyID); ok {
			l.Status, l.CanSign, l.Reason = "revoked", false, r.Reason
		}
		lines = append(lines, l)
	}
	for _, r := range ring.Revocations() {
		if !slices.ContainsFunc(lines, func(l keyLine) bool { return l.KeyID == r.KeyID }) {
			lines = append(lines, keyLine{PublicKey: signing.PublicKey{KeyID: r.KeyID}, Status: "revoked", Reason: r.Reason})
		}
	}
	return lines, nil
}

func newKeysRevoke() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "revoke [flags] NAME",
		Short: "Withdraw a key for good",
		Long: `Nothing signed with the key is installed here any more, whenever it was signed.
Others learn of it when they revoke the key too, or take revoked.json from you.`,
		Example: `  annex keys revoke --reason "laptop stolen" acme-2026`,
		Args:    exactly(1, "NAME"),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "shown to whoever meets the key")
	dir := addRingFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := signing.CheckKeyID(args[0]); err != nil {
			return usagef("%v", err)
		}
		if err := signing.Revoke(*dir, args[0], reason, time.Now()); err != nil {
			return err
		}
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: revoked\n", args[0])
		return err
	}
	return cmd
}

func newKeysTrust() *cobra.Command {
	var tier string
	cmd := &cobra.Command{
		Use:   "trust [flags] FILE.pub.json",
		Short: "Trust the key of a publisher",
		Long: `Takes the public half of a publisher's key: packages of that publisher signed with
it can be installed. Compare the fingerprint with what the publisher says.`,
		Example: `  annex keys trust acme-2026.pub.json
  annex keys trust --tier verified acme-2026.pub.json`,
		Args: exactly(1, "FILE.pub.json"),
	}
	cmd.Flags().StringVar(&tier, "tier", string(signing.Community), "tier of what it signs: community, or verified where somebody reviews it")
	dir := addRingFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if t := signing.Tier(tier); t != signing.Community && t != signing.Verified {
			return usagef("--tier %s: want community or verified", tier)
		}
		data, err := os.ReadFile(args[0])
		if err != nil {
			return err
		}
		key, err := signing.ParsePublicKey(data)
		if err != nil {
			return sandbox.Errorf(sandbox.Invalid, "%s: %v", args[0], err)
		}
		err = signing.Trust(*dir, key, signing.Tier(tier))
		if errors.Is(err, signing.ErrExists) {
			return sandbox.Errorf(sandbox.Conflict, "%v", err)
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: trusted for packages of %s until %s, %s\n  fingerprint %s\n",
			key.KeyID, key.Issuer, key.ExpiresAt.Format(time.DateOnly), tier, key.Fingerprint())
		return err
	}
	return cmd
}
