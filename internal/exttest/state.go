package exttest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/standard"
	"github.com/annexhost/annex/secrets"
	"github.com/annexhost/annex/storage"
)

// stateArguments are those of an operation on the extension's state.
type stateArguments struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
}

// found is a value that is there or not.
type found struct {
	Value any `json:"value,omitempty"`
}

// state looks at the state of the extension, or changes it, beside the handlers.
func (s *session) state(ctx context.Context, op string, a stateArguments) (any, error) {
	id := string(s.r.pkg.Manifest.ID)
	space := s.r.host.State.Space(s.org, id, standard.Options{Now: s.r.world.now})
	owner := secrets.Owner{Org: s.org, Extension: id}
	switch op {
	case "storage.get":
		value, err := space.Get(ctx, a.Key)
		if errors.Is(err, storage.ErrNotFound) {
			return found{}, nil
		}
		return found{json.RawMessage(value)}, err
	case "storage.set":
		if len(a.Value) == 0 {
			return nil, sandbox.Errorf(sandbox.Invalid, "annex.storage.set: the value is undefined")
		}
		return nil, space.Set(ctx, a.Key, a.Value, 0)
	case "storage.delete":
		return nil, space.Delete(ctx, a.Key)
	case "storage.list":
		keys, err := space.List(ctx, a.Key, "", 1000)
		return found{append([]string{}, keys...)}, err
	case "secrets.get":
		value, err := s.r.host.State.Keeper.Get(ctx, owner, a.Key)
		if errors.Is(err, secrets.ErrNotFound) {
			return found{}, nil
		}
		return found{string(value.Reveal())}, err
	case "secrets.set":
		var text string
		if err := decode(a.Value, &text); err != nil {
			return nil, err
		}
		_, err := s.r.host.State.Keeper.Set(ctx, owner, a.Key, secrets.NewValue(text))
		return nil, err
	case "secrets.delete":
		return nil, s.r.host.State.Keeper.Delete(ctx, owner, a.Key)
	case "configure":
		return nil, s.r.host.Configure(ctx, s.org, id, "annex test", a.Value)
	case "grant":
		return nil, s.grant(ctx, a.Value)
	}
	return nil, sandbox.Errorf(sandbox.Denied, "%s does not exist", op)
}

// grant installs the extension again with exactly what is named.
func (s *session) grant(ctx context.Context, list json.RawMessage) error {
	var names []permissions.Permission
	if err := decode(list, &names); err != nil {
		return sandbox.Errorf(sandbox.Invalid, "annex.grant takes a list of permissions")
	}
	asks := s.r.pkg.Manifest.Permissions
	granted := permissions.Set{Subdomains: asks.Subdomains}
	for _, name := range names {
		known := false
		if slices.Contains(asks.Client, name) {
			granted.Client, known = append(granted.Client, name), true
		}
		if slices.Contains(asks.Server, name) {
			granted.Server, known = append(granted.Server, name), true
		}
		if name == "public" && asks.Public {
			granted.Public, known = true, true
		}
		if !known {
			return sandbox.Errorf(sandbox.Invalid, "annex.grant: the manifest does not ask for %s", name)
		}
	}
	_, err := s.r.host.Install(ctx, s.org, s.r.pkg, runtime.Consent{Granted: granted, By: "annex test"})
	return err
}
