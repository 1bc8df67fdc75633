package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/annexhost/annex/storage"
)

// chunkSize is how a blob is cut: well below the store's maximum value, so that
// several fit a transaction.
const chunkSize = 512 << 10

// Package is what is kept of a package, by the digest of its content.
type Package struct {
	Digest   string          `json:"digest"` // hex
	Manifest json.RawMessage `json:"manifest"`
	Files    []Blob          `json:"files"`

	// Handlers are the bundled handlers, as an engine compiles them.
	Handlers []Handler `json:"handlers"`

	// Toolchain names what bundled the handlers; another one bundles again.
	Toolchain string `json:"toolchain"`
}

// Blob names a file of a package and its content.
type Blob struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // hex
}

// Handler is a bundled handler.
type Handler struct {
	Path      string `json:"path"` // as the manifest names it
	Code      Blob   `json:"code"`
	SourceMap Blob   `json:"sourceMap"`
}

// Handler returns the bundled handler of a path.
func (p *Package) Handler(path string) (Handler, bool) {
	for _, h := range p.Handlers {
		if h.Path == path {
			return h, true
		}
	}
	return Handler{}, false
}

// Content is a named piece of a package, on its way into the registry.
type Content struct {
	Path string
	Data []byte
}

// Bundled is a handler on its way into the registry.
type Bundled struct {
	Path            string // as the manifest names it
	Code, SourceMap []byte
}

func pkgKey(digest string) storage.Key     { return storage.Key("reg/pkg/" + digest) }
func writingKey(digest string) storage.Key { return storage.Key("reg/writing/" + digest) }

func blobKey(sum string, chunk int) storage.Key {
	return storage.Key(fmt.Sprintf("reg/blob/%s/%04d", sum, chunk))
}

func hasKey(digest, sum string) storage.Key {
	return storage.Key("reg/has/" + digest + "/" + sum)
}

func useKey(sum, digest string) storage.Key {
	return storage.Key("reg/use/" + sum + "/" + digest)
}

// Put keeps a package: its files, its manifest and its bundled handlers. A
// package of the same digest is replaced, which changes nothing but its
// handlers. Put may be interrupted at any point: [Registry.Recover] then
// removes what was written, as it does with a package that nothing needs yet.
func (r *Registry) Put(ctx context.Context, digest, toolchain string, manifest []byte, files []Content, handlers []Bundled) error {
	p := Package{Digest: digest, Toolchain: toolchain, Manifest: manifest}
	err := r.store.Update(ctx, func(tx storage.Tx) error { return tx.Put(writingKey(digest), nil) })
	if err != nil {
		return err
	}
	for _, f := range files {
		b, err := r.putBlob(ctx, digest, f)
		if err != nil {
			return err
		}
		p.Files = append(p.Files, b)
	}
	for _, h := range handlers {
		code, err := r.putBlob(ctx, digest, Content{Path: h.Path, Data: h.Code})
		if err != nil {
			return err
		}
		sourceMap, err := r.putBlob(ctx, digest, Content{Path: h.Path + ".map", Data: h.SourceMap})
		if err != nil {
			return err
		}
		p.Handlers = append(p.Handlers, Handler{Path: h.Path, Code: code, SourceMap: sourceMap})
	}
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	// The mark stays until an installation needs the package.
	return r.store.Update(ctx, func(tx storage.Tx) error { return tx.Put(pkgKey(digest), data) })
}

// putBlob writes a file and notes, with its first chunk, that the package uses
// it: a blob that another package releases at that moment stays.
func (r *Registry) putBlob(ctx context.Context, digest string, c Content) (Blob, error) {
	sum := sha256.Sum256(c.Data)
	b := Blob{Path: c.Path, Size: int64(len(c.Data)), SHA256: hex.EncodeToString(sum[:])}
	for n := 0; ; n++ {
		chunk := c.Data[min(n*chunkSize, len(c.Data)):min((n+1)*chunkSize, len(c.Data))]
		last := (n+1)*chunkSize >= len(c.Data)
		err := r.store.Update(ctx, func(tx storage.Tx) error {
			if n == 0 {
				if err := tx.Put(useKey(b.SHA256, digest), nil); err != nil {
					return err
				}
				if err := tx.Put(hasKey(digest, b.SHA256), nil); err != nil {
					return err
				}
			}
			return tx.Put(blobKey(b.SHA256, n), chunk)
		})
		if err != nil || last {
			return b, err
		}
	}
}

// Package returns what is kept of a package, or ErrNotFound.
func (r *Registry) Package(ctx context.Context, digest string) (*Package, error) {
	data, err := r.store.Get(ctx, pkgKey(digest))
	if errors.Is(err, storage.ErrNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	var p Package
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, fmt.Errorf("registry: package %s: %v", digest, err)
	}
	return &p, nil
}

// Read returns the content of a blob and checks it against its hash.
func (r *Registry) Read(ctx context.Context, b Blob) ([]byte, error) {
	data := make([]byte, 0, b.Size)
	for n := 0; n == 0 || int64(len(data)) < b.Size; n++ {
		chunk, err := r.store.Get(ctx, blobKey(b.SHA256, n))
		if err != nil {
			return nil, fmt.Errorf("registry: %s, chunk %d: %w", b.Path, n, err)
		}
		data = append(data, chunk...)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != b.SHA256 {
		return nil, fmt.Errorf("registry: content of %s does not match its hash", b.Path)
	}
	return data, nil
}
