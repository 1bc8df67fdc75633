package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/httpapi/admin"
	"github.com/annexhost/annex/runtime/signing"
)

// keysVariable names the directory of signing keys.
const keysVariable = "ANNEX_KEYS"

// addRingFlag says where signing keys are: those that a person signs with, and
// those of publishers that are trusted.
func addRingFlag(cmd *cobra.Command) *string {
	dir := os.Getenv(keysVariable)
	if dir == "" {
		if config, err := os.UserConfigDir(); err == nil {
			dir = filepath.Join(config, "annex", "keys")
		}
	}
	return cmd.Flags().String("keys", dir, "directory of signing keys ("+keysVariable+")")
}

// trustFlags say which packages come in, by who signed them.
type trustFlags struct {
	ring   *string
	signed bool
	tier   string
}

func addTrustFlags(cmd *cobra.Command) *trustFlags {
	t := &trustFlags{ring: addRingFlag(cmd)}
	cmd.Flags().BoolVar(&t.signed, "require-signed", false, "refuse packages that are not signed by a key that is trusted here")
	cmd.Flags().StringVar(&t.tier, "require-tier", "", "refuse packages below a tier: verified, community or sideloaded (not signed)")
	return t
}

func (t *trustFlags) trust() (runtime.Trust, error) {
	least := signing.Tier(t.tier)
	switch {
	case least != "" && !signing.Verified.AtLeast(least):
		return runtime.Trust{}, usagef("--require-tier %s: want verified, community or sideloaded", t.tier)
	case t.signed && !least.AtLeast(signing.Community):
		least = signing.Community
	}
	dir := *t.ring
	return runtime.Trust{Least: least, Ring: func() (*signing.Ring, error) { return signing.OpenRing(dir) }}, nil
}

// key shows who signed a package, and returns the key that a person accepted
// where the publisher had another before; empty when there is nothing to accept.
func (a *approval) key(ctx context.Context, cmd *cobra.Command, id string, s admin.Signature) (string, error) {
	out := cmd.ErrOrStderr()
	if s.KeyID != "" {
		fmt.Fprintf(out, "%s: signed with %s (%s), %s\n", id, s.KeyID, s.Fingerprint, s.Tier)
	}
	if !s.Changed {
		return "", nil
	}
	now := s.KeyID
	if now == "" {
		now = runtime.NoKey
	}
	printKeyChange(out, s)
	if a.accept == now {
		return now, nil
	}
	in, can := terminal(cmd)
	if a.accept != "" || !can {
		return "", deniedf("%s: the key of its publisher has changed; --accept-key %s accepts that, once you know why", id, now)
	}
	if ok, err := a.asking(in).confirm(ctx, out, "The key of the publisher has changed. Accept?"); err != nil || !ok {
		return "", deniedf("%s: the change of key was not accepted; nothing was installed", id)
	}
	return now, nil
}

func printKeyChange(w io.Writer, s admin.Signature) {
	fmt.Fprintf(w, "  packages of this publisher were signed with: %s (%s)\n", s.PinnedKeyID, s.Pinned)
	if s.KeyID == "" {
		fmt.Fprintln(w, "  this package is not signed: somebody may have changed it")
		return
	}
	fmt.Fprintf(w, "  this package is signed with:                  %s (%s)\n", s.KeyID, s.Fingerprint)
}
