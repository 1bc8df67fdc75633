package main

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/backup"
	"github.com/annexhost/annex/runtime/httpapi/admin"
	"github.com/annexhost/annex/runtime/sandbox"
)

func newAuditExport() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export [FILE]",
		Short: "Export an organization's audit, signed, so that it can be verified anywhere",
		Long: `Writes the audit of an organization as lines of JSON, to a new FILE or to standard
output, with signed checkpoints. annex audit verify FILE checks it without the host.
Keep exports, or the checkpoints in them, elsewhere: with an earlier one, a later
one shows whether entries were cut off or written anew in between.`,
		Example: `  annex audit export --org acme acme.jsonl
  annex audit verify --key $KEY acme.jsonl`,
		Args: atMost(1, "FILE"),
	}
	ofHost := addOfHost(cmd)
	door := addDoorFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
			stream, err := admin.Open(ctx, c, admin.ExportAudit, door.orHost(*ofHost))
			if err != nil {
				return err
			}
			defer stream.Close()
			copied := func(w io.Writer) error {
				_, err := io.Copy(w, stream)
				return err
			}
			if len(args) == 0 {
				return copied(cmd.OutOrStdout())
			}
			if err := backup.CreateFile(args[0], copied); err != nil {
				return fileError(err)
			}
			key, err := admin.Do(ctx, c, admin.ShowAuditKey, struct{}{})
			if err != nil {
				return err
			}
			return door.print(cmd, map[string]string{"file": args[0], "publicKey": key.PublicKey}, func(out io.Writer) {
				fmt.Fprintf(out, "wrote %s\nverify it with: annex audit verify --key %s %s\n", args[0], key.PublicKey, args[0])
			})
		})
	}
	return cmd
}

// atMost checks the number of arguments.
func atMost(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > n {
			return usagef("%s takes at most %s", cmd.CommandPath(), what)
		}
		return nil
	}
}

// orFile lets audit verify check an export, which needs no host.
func orFile(cmd *cobra.Command) *cobra.Command {
	cmd.Use = "verify [FILE]"
	cmd.Example += "\n  annex audit verify --key $KEY --earlier last-month.jsonl acme.jsonl"
	cmd.Long = `Checks the audit of an organization, or, without any host, an export of it. The key
is what the host's operator told (annex audit export prints it); without it an
export is only shown to be whole.`
	key := cmd.Flags().String("key", "", "public key of the host that made FILE, hex")
	earlier := cmd.Flags().StringArray("earlier", nil, "an earlier export, whose checkpoints must still be there")
	live := cmd.RunE
	cmd.Args = atMost(1, "FILE")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return live(cmd, args)
		}
		asJSON, _ := cmd.Flags().GetBool("json")
		return verifyExport(cmd, args[0], *key, *earlier, asJSON)
	}
	return cmd
}

func verifyExport(cmd *cobra.Command, path, keyText string, earlier []string, asJSON bool) error {
	var key ed25519.PublicKey
	if keyText != "" {
		raw, err := hex.DecodeString(keyText)
		if err != nil || len(raw) != ed25519.PublicKeySize {
			return usagef("--key: want %d bytes in hexadecimal", ed25519.PublicKeySize)
		}
		key = raw
	}
	var known []audit.Checkpoint
	for _, old := range earlier {
		r, err := readExport(old, key, nil)
		if err != nil {
			return err
		}
		known = append(known, r.Checkpoints...)
	}
	r, err := readExport(path, key, known)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if asJSON {
		return json.NewEncoder(out).Encode(map[string]any{
			"org": r.Org, "entries": r.Entries, "dropped": r.Base, "checkpoints": len(r.Checkpoints), "exported": r.Exported,
			"publicKey": hex.EncodeToString(r.PublicKey), "keyGiven": key != nil,
		})
	}
	fmt.Fprintf(out, "%s: %d entries, all as they were written, with %d checkpoints; exported %s\n", r.Org, r.Entries, len(r.Checkpoints), r.Exported.Format(time.RFC3339))
	if key == nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "annex: it is signed with the key %x; ask the operator whether that is the host's, and give it by --key\n", []byte(r.PublicKey))
	}
	return nil
}

// readExport verifies a file; what is wrong in it is an error.
func readExport(path string, key ed25519.PublicKey, earlier []audit.Checkpoint) (audit.ExportReport, error) {
	f, err := os.Open(path)
	if err != nil {
		return audit.ExportReport{}, err
	}
	defer f.Close()
	r, err := audit.VerifyExport(f, key, earlier)
	if err == nil && r.FirstBad != nil {
		err = sandbox.Errorf(sandbox.Conflict, "%s: line %d is wrong: %s; %d entries before it are right", path, r.FirstBad.Line, r.FirstBad.Reason, r.Entries)
	}
	return r, err
}
