package runtime

import (
	"context"
	"errors"

	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
)

// OpenDoor returns whose public address has the token: the organization and
// the full id of the extension. A token that nobody has is NotFound.
func (h *Host) OpenDoor(ctx context.Context, token string) (org, extension string, err error) {
	org, extension, err = h.registry.Door(ctx, token)
	if errors.Is(err, registry.ErrNotFound) {
		return "", "", &sandbox.Error{Code: sandbox.NotFound, Message: "there is nothing at this address"}
	}
	if err != nil {
		return "", "", h.fault("", "find a public address", err)
	}
	return org, extension, nil
}
