package registry

import (
	"context"
	"errors"

	"github.com/annexhost/annex/storage"
)

// Recover removes packages whose writing was interrupted, and those that were
// written and that nobody needs. It belongs before the first Put of a process.
func (r *Registry) Recover(ctx context.Context) error {
	const prefix = "reg/writing/"
	for {
		pairs, err := r.store.Scan(ctx, prefix, "", 100)
		if err != nil || len(pairs) == 0 {
			return err
		}
		for _, p := range pairs {
			digest := string(p.Key[len(prefix):])
			if err := r.release(ctx, digest); err != nil {
				return err
			}
		}
	}
}

// releaseAll releases packages one after the other.
func (r *Registry) releaseAll(ctx context.Context, digests []string) error {
	for _, digest := range digests {
		if err := r.release(ctx, digest); err != nil {
			return err
		}
	}
	return nil
}

// Release removes a package that was put and that no installation needs. It is
// for who put one and then did not install it.
func (r *Registry) Release(ctx context.Context, digest string) error { return r.release(ctx, digest) }

// release removes a package that no installation needs any more; one that is
// needed only loses its mark.
func (r *Registry) release(ctx context.Context, digest string) error {
	gone := false
	err := r.store.Update(ctx, func(tx storage.Tx) error {
		gone = false
		pins, err := tx.Scan(ctx, storage.Key("reg/pin/"+digest+"/"), "", 1)
		if err != nil {
			return err
		}
		if len(pins) > 0 {
			return tx.Delete(writingKey(digest))
		}
		gone = true
		// From here the package does not exist; a crash leaves the mark, and
		// Recover goes on from it.
		if err := tx.Put(writingKey(digest), nil); err != nil {
			return err
		}
		return tx.Delete(pkgKey(digest))
	})
	if err != nil || !gone {
		return err
	}
	if err := r.dropUses(ctx, digest); err != nil {
		return err
	}
	return r.store.Update(ctx, func(tx storage.Tx) error { return tx.Delete(writingKey(digest)) })
}

// dropUses removes every use by a package, and the blobs that nobody uses then.
func (r *Registry) dropUses(ctx context.Context, digest string) error {
	prefix := storage.Key("reg/has/" + digest + "/")
	for {
		pairs, err := r.store.Scan(ctx, prefix, "", 1000)
		if err != nil || len(pairs) == 0 {
			return err
		}
		for _, p := range pairs {
			if err := r.dropUse(ctx, string(p.Key[len(prefix):]), digest); err != nil {
				return err
			}
		}
	}
}

func (r *Registry) dropUse(ctx context.Context, sum, digest string) error {
	return r.store.Update(ctx, func(tx storage.Tx) error {
		if err := tx.Delete(useKey(sum, digest)); err != nil {
			return err
		}
		if err := tx.Delete(hasKey(digest, sum)); err != nil {
			return err
		}
		others, err := tx.Scan(ctx, storage.Key("reg/use/"+sum+"/"), "", 1)
		if err != nil || len(others) > 0 {
			return err
		}
		for n := 0; ; n++ {
			_, err := tx.Get(ctx, blobKey(sum, n))
			if errors.Is(err, storage.ErrNotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			if err := tx.Delete(blobKey(sum, n)); err != nil {
				return err
			}
		}
	})
}
