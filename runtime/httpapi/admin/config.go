package admin

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/registry"
)

// Configuration is what an admin can set for an extension, and has set.
type Configuration struct {
	Title      string                     `json:"title,omitempty"`
	Properties []Property                 `json:"properties" doc:"in the order of the manifest"`
	Set        map[string]json.RawMessage `json:"set" doc:"what an admin set"`
	Values     map[string]json.RawMessage `json:"values" doc:"what handlers see: what is set, else the default"`
}

// Property is a value that can be set.
type Property struct {
	Name        string          `json:"name"`
	Type        string          `json:"type" doc:"string, number, boolean, array or object"`
	Description string          `json:"description,omitempty"`
	Schema      json.RawMessage `json:"schema" doc:"all that the manifest says of it"`
}

// TypeOf returns the type of a property, empty when there is none.
func (c Configuration) TypeOf(name string) string {
	for _, p := range c.Properties {
		if p.Name == name {
			return p.Type
		}
	}
	return ""
}

// setValues are the values that an admin set.
func setValues(inst registry.Installation) (map[string]json.RawMessage, error) {
	set := map[string]json.RawMessage{}
	if len(inst.Config) == 0 {
		return set, nil
	}
	err := json.Unmarshal(inst.Config, &set)
	return set, err
}

func sortedKeys[V any](m map[string]V) []string {
	keys := slices.Sorted(maps.Keys(m))
	if keys == nil {
		keys = []string{}
	}
	return keys
}

func (c *Call) configuration(ctx context.Context, inst registry.Installation) (Configuration, error) {
	m, err := c.Host.Manifest(ctx, inst.Org, inst.Extension)
	if err != nil {
		return Configuration{}, err
	}
	declared := m.Contributes.Configuration
	shown := Configuration{Properties: []Property{}}
	if declared != nil {
		shown.Title = declared.Title
		for _, p := range declared.Properties {
			schema, err := json.Marshal(p)
			if err != nil {
				return shown, err
			}
			shown.Properties = append(shown.Properties, Property{Name: p.Name, Type: string(p.Type), Description: p.Description, Schema: schema})
		}
	}
	if shown.Set, err = setValues(inst); err != nil {
		return shown, err
	}
	filled, err := declared.WithDefaults(inst.Config)
	if err != nil {
		return shown, err
	}
	return shown, json.Unmarshal(filled, &shown.Values)
}

// ShowConfig shows the configuration of an extension.
var ShowConfig = Define(Spec{
	Name: "getConfig", Method: "GET", Path: "/orgs/{org}/extensions/{extension}/config", Right: identity.Install,
	Doc: "Shows what can be configured, what is set and what handlers see",
}, func(ctx context.Context, c *Call, in OfExtension) (Configuration, error) {
	inst, err := c.installation(ctx, in.Org, in.Extension)
	if err != nil {
		return Configuration{}, err
	}
	return c.configuration(ctx, inst)
})

// SetConfigIn changes values of a configuration.
type SetConfigIn struct {
	OfExtension
	Set   map[string]json.RawMessage `json:"set,omitempty" doc:"values by the names of properties; others stay as they are"`
	Unset []string                   `json:"unset,omitempty" doc:"names whose default shall count again"`
}

// SetConfig changes the configuration of an extension.
var SetConfig = Define(Spec{
	Name: "setConfig", Method: "PATCH", Path: "/orgs/{org}/extensions/{extension}/config", Right: identity.Install,
	Doc: "Changes values, checked against the manifest all at once, and raises config:changed",
}, func(ctx context.Context, c *Call, in SetConfigIn) (Configuration, error) {
	inst, err := c.installation(ctx, in.Org, in.Extension)
	if err != nil {
		return Configuration{}, err
	}
	inst, err = c.Host.Reconfigure(ctx, in.Org, inst.Extension, c.Caller.Actor, in.Set, in.Unset)
	if err != nil {
		return Configuration{}, err
	}
	return c.configuration(ctx, inst)
})
