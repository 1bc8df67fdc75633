package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/internal/atomicfile"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/manifest"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/signing"
)

func newSign() *cobra.Command {
	var id string
	cmd := &cobra.Command{
		Use:   "sign [flags] PACKAGE.bpx",
		Short: "Sign a package",
		Long: `Puts an Ed25519 signature over every file of the package into it, in place of an
earlier one. The key is one that annex keys new has made.`,
		Example: `  annex sign notes-1.0.0.bpx
  annex sign --key acme-2026 notes-1.0.0.bpx`,
		Args: exactly(1, "PACKAGE.bpx"),
	}
	cmd.Flags().StringVar(&id, "key", "", "name of the key (default: the one of the package's publisher)")
	ring := addRingFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		p, err := openArchive(args[0])
		if err != nil {
			return err
		}
		key, err := chooseKey(*ring, id, p.Manifest.ID.Publisher())
		if err != nil {
			return err
		}
		private, err := signing.PrivateKey(*ring, key)
		if err != nil {
			return err
		}
		files := p.Contents()
		files[signing.File] = signing.Sign(p, key, private)
		data, err := pack.Write(files, pack.Options{MaxPacked: pack.MaxPacked})
		if err != nil {
			return err
		}
		signed, err := pack.OpenArchive(data, pack.Options{MaxPacked: pack.MaxPacked})
		if err != nil {
			return err
		}
		known, err := signing.OpenRing(*ring)
		if err != nil {
			return err
		}
		made, err := signing.Verify(signed, known, time.Now())
		if err != nil {
			return err
		}
		if err := atomicfile.Write(args[0], data, 0o644); err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: signed with %s (%s)\n", args[0], made.KeyID, made.Fingerprint())
		return err
	}
	return cmd
}

func newVerify() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify [flags] PACKAGE.bpx",
		Short: "Say whether a package is what its publisher signed",
		Long: `Verifies the signature of a package, without a network and before anything is
unpacked: the key must be trusted here (annex keys list), not be expired or
revoked, and every file must be as it was signed.`,
		Example: `  annex verify notes-1.0.0.bpx
  annex verify --keys /etc/annex/keys --json notes-1.0.0.bpx`,
		Args: exactly(1, "PACKAGE.bpx"),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	ring := addRingFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		p, err := openArchive(args[0])
		if err != nil {
			return err
		}
		known, err := signing.OpenRing(*ring)
		if err != nil {
			return err
		}
		key, err := signing.Verify(p, known, time.Now())
		if asJSON {
			return verdict(cmd, p, key, err)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", args[0], err)
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %s %s, signed with %s (%s) by %s, %s, digest %s\n", args[0],
			p.Manifest.ID, p.Manifest.Version, key.KeyID, key.Fingerprint(), key.Issuer, key.Tier, p.Digest)
		return err
	}
	return cmd
}

// verdict prints the outcome of verify for a program.
func verdict(cmd *cobra.Command, p *pack.Package, key signing.PublicKey, failed error) error {
	answer := map[string]any{"id": p.Manifest.ID, "version": p.Manifest.Version, "digest": p.Digest, "valid": failed == nil}
	var refused *signing.Error
	if errors.As(failed, &refused) {
		answer["code"], answer["message"] = refused.Code, refused.Message
	} else if failed == nil {
		answer["keyId"], answer["fingerprint"], answer["issuer"], answer["tier"] = key.KeyID, key.Fingerprint(), key.Issuer, key.Tier
	}
	if err := json.NewEncoder(cmd.OutOrStdout()).Encode(answer); err != nil || failed == nil {
		return err
	}
	return &saidError{exitOf(failed)}
}

// openArchive reads a .bpx file.
func openArchive(name string) (*pack.Package, error) {
	p, err := pack.Open(name, pack.Options{MaxPacked: pack.MaxPacked, Manifest: manifest.Options{AnnexVersion: runtime.Version}})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if p.Source != pack.Archive {
		return nil, sandbox.Errorf(sandbox.Invalid, "%s is a directory; annex pack makes a package of it", name)
	}
	return p, nil
}

// chooseKey returns the key to sign with: the one that was named, or the only
// one here for the publisher that can be used.
func chooseKey(dir, id, publisher string) (string, error) {
	own, err := signing.Own(dir)
	if err != nil {
		return "", err
	}
	if id != "" {
		if _, err := signing.PrivateKey(dir, id); errors.Is(err, fs.ErrNotExist) {
			return "", sandbox.Errorf(sandbox.NotFound, "there is no key %s to sign with in %s; annex keys new %[1]s makes one", id, dir)
		}
		return id, nil
	}
	ring, err := signing.OpenRing(dir)
	if err != nil {
		return "", err
	}
	var fit []string
	for _, k := range ring.Keys() {
		_, revoked := ring.Revoked(k.KeyID)
		if !revoked && k.Check(time.Now()) == nil && (k.Issuer == "" || k.Issuer == publisher) && slices.Contains(own, k.KeyID) {
			fit = append(fit, k.KeyID)
		}
	}
	switch len(fit) {
	case 0:
		return "", sandbox.Errorf(sandbox.NotFound, "there is no key of publisher %s to sign with in %s; annex keys new %[1]s makes one", publisher, dir)
	case 1:
		return fit[0], nil
	}
	return "", usagef("several keys can sign packages of %s: %v; --key says which", publisher, fit)
}
