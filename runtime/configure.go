package runtime

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/annexhost/annex/runtime/manifest"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
)

// Configure sets the values of contributes.configuration; they replace those
// that were set before.
func (h *Host) Configure(ctx context.Context, org, extension, by string, values []byte) error {
	_, err := h.configure(ctx, org, extension, by, func(json.RawMessage) (json.RawMessage, error) { return values, nil })
	return err
}

// Reconfigure sets some values of contributes.configuration, and takes back
// others; those that are not named stay as they are.
func (h *Host) Reconfigure(ctx context.Context, org, extension, by string, set map[string]json.RawMessage, unset []string) (registry.Installation, error) {
	return h.configure(ctx, org, extension, by, func(old json.RawMessage) (json.RawMessage, error) {
		values := map[string]json.RawMessage{}
		if len(old) > 0 {
			if err := json.Unmarshal(old, &values); err != nil {
				return nil, err
			}
		}
		for _, name := range unset {
			delete(values, name)
		}
		for name, value := range set {
			values[name] = value
		}
		return json.Marshal(values)
	})
}

// configure replaces the values by what f makes of them, when the manifest
// allows that, and raises config:changed.
func (h *Host) configure(ctx context.Context, org, extension, by string, f func(old json.RawMessage) (json.RawMessage, error)) (registry.Installation, error) {
	m, err := h.Manifest(ctx, org, extension)
	if err != nil {
		return registry.Installation{}, err
	}
	inst, err := h.change(ctx, org, extension, by, "config", func(i *registry.Installation) error {
		if i.Version != m.Version {
			return sandbox.Errorf(sandbox.Conflict, "extension %s has version %s by now; look at what can be configured", i.Extension, i.Version)
		}
		values, err := f(i.Config)
		if err != nil {
			return err
		}
		if issues := m.Contributes.Configuration.Validate(values); len(issues) > 0 {
			return invalidConfig(i.Extension, issues)
		}
		i.Config = values
		return nil
	})
	if err == nil {
		h.emit(Event{Org: org, Extension: inst.Extension, Name: "config:changed", Time: h.cfg.Now().UTC()})
	}
	return inst, err
}

func invalidConfig(extension string, issues []manifest.Issue) error {
	var lines strings.Builder
	for _, i := range issues {
		lines.WriteString("\n  - " + i.String())
	}
	return sandbox.Errorf(sandbox.Invalid, "configuration of %s:%s", extension, lines.String())
}
