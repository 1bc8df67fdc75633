package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/internal/atomicfile"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/bundle"
	"github.com/annexhost/annex/runtime/manifest"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/sandbox"
)

func newPack() *cobra.Command {
	var output string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "pack [flags] DIR",
		Short: "Make a .bpx archive of an extension",
		Long: `Checks the extension in DIR and writes its archive. The same files give the same
bytes: entries are sorted and have no times. Tests, hidden files, api.d.ts,
extension.schema.json, settings of editors and Go sources are left out; of
node_modules only what handlers import is put in. Modules whose Go sources are
there are built first.`,
		Example: `  annex pack .
  annex pack -o build/notes.bpx notes`,
		Args: exactly(1, "DIR"),
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write (default: NAME-VERSION.bpx)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := buildModules(cmd, args[0]); err != nil {
			return err
		}
		data, p, err := packDirectory(cmd.Context(), args[0])
		if err != nil {
			return fmt.Errorf("%s: %w", args[0], err)
		}
		if output == "" {
			output = p.FileName()
		}
		if err := atomicfile.Write(output, data, 0o644); err != nil {
			return err
		}
		if asJSON {
			return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{
				"file": output, "id": p.Manifest.ID, "version": p.Manifest.Version, "files": len(p.Files), "bytes": len(data), "digest": p.Digest,
			})
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %s %s, %d files, %d bytes, digest %s\n",
			output, p.Manifest.ID, p.Manifest.Version, len(p.Files), len(data), p.Digest)
		return err
	}
	return cmd
}

// packDirectory returns the archive of an extension's directory, and the package
// as a host reads it from there.
func packDirectory(ctx context.Context, dir string) ([]byte, *pack.Package, error) {
	opts := pack.Options{Manifest: manifest.Options{AnnexVersion: runtime.Version}}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, nil, err
	}
	if !info.IsDir() {
		return nil, nil, sandbox.Errorf(sandbox.Invalid, "is a file; annex pack takes the directory of an extension")
	}
	p, err := pack.Open(dir, opts)
	if err == nil {
		err = includeModules(ctx, p)
	}
	if err != nil {
		return nil, nil, err
	}
	files := p.Contents()
	for name := range files {
		if !pack.Ships(name) {
			delete(files, name)
		}
	}
	data, err := pack.Write(files, opts)
	if err != nil {
		return nil, nil, err
	}
	packed, err := pack.OpenArchive(data, opts)
	if err != nil {
		return nil, nil, err
	}
	return data, packed, bundles(ctx, packed)
}

// bundles makes sure that the handlers of a package can be bundled from what is
// in it.
func bundles(ctx context.Context, p *pack.Package) error {
	var failed []error
	seen := map[string]bool{}
	for _, route := range p.Manifest.Contributes.APIRoutes {
		entry, ok := p.Resolve(route.Handler)
		if !ok || seen[entry] || filepath.Ext(entry) == ".wasm" {
			continue
		}
		seen[entry] = true
		_, err := bundle.Build(ctx, bundle.Input{Entry: entry, Read: func(name string) ([]byte, bool) {
			data, err := p.Read(name)
			return data, err == nil
		}})
		var wrong *bundle.Errors
		if errors.As(err, &wrong) {
			err = &sandbox.Error{Code: sandbox.Invalid, Message: wrong.Error()}
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}
