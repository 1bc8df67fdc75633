package runtime

import (
	"context"
	"errors"
	"time"

	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/signing"
)

// Trust is what the operator demands of who made a package.
type Trust struct {
	// Ring reads the keys that are trusted. It is asked at every install, so
	// that a revocation counts at once; when it fails nothing signed is
	// installed. Nil trusts no key.
	Ring func() (*signing.Ring, error)

	// Least is the lowest tier that is installed; empty means sideloaded, so
	// that packages need no signature.
	Least signing.Tier
}

// NoKey stands for no key where one is accepted: for a package that is not
// signed although its publisher's were.
const NoKey = "none"

// Signature says who made a package.
type Signature struct {
	Tier   signing.Tier
	Key    *signing.PublicKey     // nil: the package is not signed
	Pinned *registry.PublisherKey // with which its publisher's packages were signed here; nil: none was yet
}

// Changed reports whether the publisher's packages were signed with another key
// here, which a person has to accept.
func (s Signature) Changed() bool {
	return s.Pinned != nil && (s.Key == nil || s.Key.PublicKey != s.Pinned.PublicKey)
}

// First reports whether the key is to be pinned as the publisher's first.
func (s Signature) First() bool { return s.Key != nil && s.Pinned == nil }

// signature decides whether a package may come in at all, by who signed it.
func (h *Host) signature(ctx context.Context, org string, p *pack.Package) (Signature, error) {
	s := Signature{Tier: signing.Sideloaded}
	if signing.IsSigned(p) {
		ring := &signing.Ring{}
		if h.cfg.Trust.Ring != nil {
			var err error
			if ring, err = h.cfg.Trust.Ring(); err != nil {
				return s, refused(err)
			}
		}
		key, err := signing.Verify(p, ring, h.cfg.Now())
		if err != nil {
			return s, refused(err)
		}
		s.Key, s.Tier = &key, key.Tier
	}
	pinned, err := h.registry.PublisherKey(ctx, org, p.Manifest.ID.Publisher())
	switch {
	case err == nil:
		s.Pinned = &pinned
	case !errors.Is(err, registry.ErrNotFound):
		return s, err
	}
	least := h.cfg.Trust.Least
	if least == "" {
		least = signing.Sideloaded
	}
	if !s.Tier.AtLeast(least) {
		text := "its signature makes it " + string(s.Tier)
		if s.Key == nil {
			text = "it is not signed"
		}
		return s, sandbox.Errorf(sandbox.Denied, "%s %s is refused: this host asks for %s packages, and %s", p.Manifest.ID, p.Manifest.Version, least, text)
	}
	return s, nil
}

// refused gives the error of a signature its code.
func refused(err error) error {
	var e *signing.Error
	if !errors.As(err, &e) {
		return err
	}
	return &sandbox.Error{Code: CodeOf(err), Message: e.Message}
}

// accepts makes sure that a person accepted the key, by its id or [NoKey], when
// the publisher had another before. A version that was signed stays what it is.
func (h *Host) accepts(ctx context.Context, plan Plan, key string) error {
	s, id := plan.Signature, plan.Manifest.ID
	switch {
	case !s.Changed():
	case s.Key == nil && key != NoKey:
		return sandbox.Errorf(sandbox.Denied, "%s %s is not signed, and packages of %s were signed with the key %s (%s) here: its signature was stripped, or the publisher gave it up; --accept-key none accepts that",
			id, plan.Manifest.Version, id.Publisher(), s.Pinned.KeyID, s.Pinned.Fingerprint)
	case s.Key != nil && key != s.Key.KeyID:
		return sandbox.Errorf(sandbox.Denied, "%s %s is signed with the key %s (%s), and packages of %s were signed with %s (%s) here; --accept-key %[3]s accepts the change",
			id, plan.Manifest.Version, s.Key.KeyID, s.Key.Fingerprint(), id.Publisher(), s.Pinned.KeyID, s.Pinned.Fingerprint)
	}
	if s.Key == nil || s.Pinned == nil || plan.Installed == nil || plan.Same {
		return nil
	}
	versions, err := h.registry.Versions(ctx, plan.Org, string(id))
	if err != nil {
		return err
	}
	for _, v := range versions {
		if v.Version == plan.Manifest.Version && v.Digest != plan.Digest {
			return sandbox.Errorf(sandbox.Conflict, "%s %s was installed with other content; a signed package that changes needs a new version", id, v.Version)
		}
	}
	return nil
}

// pinKey notes the key of a package that is being installed, once it was
// accepted. Should the installation fail, the decision stays.
func (h *Host) pinKey(ctx context.Context, plan Plan, by string, now time.Time) error {
	s := plan.Signature
	if !s.First() && !s.Changed() {
		return nil
	}
	publisher := plan.Manifest.ID.Publisher()
	if s.Key == nil {
		return h.registry.PinPublisher(ctx, plan.Org, publisher, nil)
	}
	return h.registry.PinPublisher(ctx, plan.Org, publisher, &registry.PublisherKey{
		KeyID: s.Key.KeyID, PublicKey: s.Key.PublicKey, Fingerprint: s.Key.Fingerprint(), PinnedAt: now, PinnedBy: by,
	})
}

// detail is what the audit says of the signature.
func (s Signature) detail() string {
	if s.Key == nil {
		return string(s.Tier)
	}
	return string(s.Tier) + " " + s.Key.KeyID + " " + s.Key.Fingerprint()
}
