package admin

import (
	"context"
	"errors"
	"time"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/secrets"
)

// SecretInfo is what is shown of a secret: never its value.
type SecretInfo struct {
	Name      string    `json:"name"`
	Version   uint64    `json:"version" doc:"grows each time that it is set"`
	UpdatedAt time.Time `json:"updatedAt"`
	Hosts     []string  `json:"hosts,omitempty" doc:"where it may be sent without being shown to the extension"`
}

// SecretList is all secrets of an extension.
type SecretList struct {
	Secrets []SecretInfo `json:"secrets"`
}

// ListSecrets lists the names of secrets.
var ListSecrets = Define(Spec{
	Name: "listSecrets", Method: "GET", Path: "/orgs/{org}/extensions/{extension}/secrets", Right: identity.Secrets,
	Doc: "Lists the names of an extension's secrets",
}, func(ctx context.Context, c *Call, in OfExtension) (SecretList, error) {
	list := SecretList{Secrets: []SecretInfo{}}
	inst, err := c.installation(ctx, in.Org, in.Extension)
	if err != nil {
		return list, err
	}
	infos, err := c.Keeper.List(ctx, secrets.Owner{Org: in.Org, Extension: inst.Extension})
	for _, i := range infos {
		list.Secrets = append(list.Secrets, SecretInfo{Name: i.Name, Version: i.Version, UpdatedAt: i.UpdatedAt, Hosts: i.Hosts})
	}
	return list, err
})

// OfSecret names a secret.
type OfSecret struct {
	OfExtension
	Name string `path:"name" json:"-" doc:"1 to 128 of A-Za-z0-9_.-"`
}

// SetSecretIn sets a secret.
type SetSecretIn struct {
	OfSecret
	Value string    `json:"value" doc:"1 to 10,240 bytes; never shown again"`
	Hosts *[]string `json:"hosts,omitempty" doc:"up to 8 host names to which it may be sent without being shown to the extension; left out: as before"`
}

// SetSecret sets a secret.
var SetSecret = Define(Spec{
	Name: "setSecret", Method: "PUT", Path: "/orgs/{org}/extensions/{extension}/secrets/{name}", Right: identity.Secrets,
	Doc: "Sets a secret; its value is never shown again",
}, func(ctx context.Context, c *Call, in SetSecretIn) (None, error) {
	if in.Value == "" {
		return None{}, sandbox.Errorf(sandbox.Invalid, "the value of a secret is not empty")
	}
	return None{}, c.onSecret(ctx, in.OfSecret, "secret.write", func(o secrets.Owner) error {
		value := secrets.NewValue(in.Value)
		if in.Hosts == nil {
			_, err := c.Keeper.Set(ctx, o, in.Name, value)
			return err
		}
		hosts, err := normalHosts(*in.Hosts)
		if err == nil {
			_, err = c.Keeper.SetFor(ctx, o, in.Name, value, hosts)
		}
		return err
	})
})

// normalHosts gives names of hosts the form in which they are granted.
func normalHosts(names []string) ([]string, error) {
	hosts := make([]string, len(names))
	for i, name := range names {
		host, err := permissions.NormalizeHost(name)
		if err != nil {
			return nil, sandbox.Errorf(sandbox.Invalid, "%v", err)
		}
		hosts[i] = host
	}
	return hosts, nil
}

// DeleteSecret deletes a secret.
var DeleteSecret = Define(Spec{
	Name: "deleteSecret", Method: "DELETE", Path: "/orgs/{org}/extensions/{extension}/secrets/{name}", Right: identity.Secrets,
	Doc: "Deletes a secret",
}, func(ctx context.Context, c *Call, in OfSecret) (None, error) {
	return None{}, c.onSecret(ctx, in, "secret.delete", func(o secrets.Owner) error {
		if _, err := c.Keeper.Get(ctx, o, in.Name); errors.Is(err, secrets.ErrNotFound) {
			return sandbox.Errorf(sandbox.NotFound, "%s has no secret %s", o.Extension, in.Name)
		}
		return c.Keeper.Delete(ctx, o, in.Name)
	})
})

// onSecret writes the audit record and then does what it says.
func (c *Call) onSecret(ctx context.Context, in OfSecret, action string, do func(secrets.Owner) error) error {
	inst, err := c.installation(ctx, in.Org, in.Extension)
	if err != nil {
		return err
	}
	if err := secrets.CheckName(in.Name); err != nil {
		return err
	}
	record := audit.Record{Org: in.Org, Extension: inst.Extension, Action: action, Target: in.Name}
	if err := c.record(ctx, record); err != nil {
		return err
	}
	return do(secrets.Owner{Org: in.Org, Extension: inst.Extension})
}

// Rotation says what was done for a new master key.
type Rotation struct {
	Wrapped int `json:"wrapped" doc:"data keys that were wrapped under the new one"`
}

// RotateMasterKey makes a new master key and forgets the old one.
var RotateMasterKey = Define(Spec{
	Name: "rotateMasterKey", Method: "POST", Path: "/keys/rotation", Right: identity.Operate,
	Doc: "Makes a new master key, wraps every data key under it while serving, and forgets the old one; repeated, it finishes what was interrupted",
}, func(ctx context.Context, c *Call, _ struct{}) (Rotation, error) {
	if c.Rotate == nil {
		return Rotation{}, sandbox.Errorf(sandbox.Invalid, "this host does not rotate its master key")
	}
	n, err := c.Rotate(ctx, c.Caller.Actor)
	return Rotation{Wrapped: n}, err
})
