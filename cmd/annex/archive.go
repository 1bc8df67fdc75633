package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/annexhost/annex/runtime/bundle"
	"github.com/annexhost/annex/runtime/pack"
)

// readPackage returns the archive of the package at path: a .bpx file as it
// is, or a directory, packed. Who receives it checks it all again.
func readPackage(ctx context.Context, path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		if !strings.HasSuffix(strings.ToLower(path), pack.Extension) {
			return nil, fmt.Errorf("%s: %w", path, &pack.PackageError{Code: pack.InvalidExtension, Message: "Extension package must have .bpx extension"})
		}
		return readBounded(path, pack.MaxPacked)
	}
	p, err := pack.Open(path, pack.Options{})
	if err == nil {
		err = includeModules(ctx, p)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return pack.Write(p.Contents(), pack.Options{MaxPacked: pack.MaxPacked})
}

func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = usagef("%s: more than %d bytes", path, limit)
	}
	return data, err
}

// includeModules makes what the handlers import from node_modules a part of the
// package. Bundling tells what that is; where it fails, the host will say why.
func includeModules(ctx context.Context, p *pack.Package) error {
	if !p.Modules {
		return nil
	}
	for _, route := range p.Manifest.Contributes.APIRoutes {
		entry, ok := p.Resolve(route.Handler)
		if !ok {
			continue
		}
		_, _ = bundle.Build(ctx, bundle.Input{Entry: entry, MaxOutput: 1 << 20, Read: func(name string) ([]byte, bool) {
			data, err := p.Read(name)
			return data, err == nil
		}})
	}
	return p.IncludeModules()
}
