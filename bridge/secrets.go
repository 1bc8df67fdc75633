package bridge

import (
	"context"
	"errors"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/secrets"
)

// Secrets seals and opens the secrets of extensions. *secrets.Keeper is one; its
// errors are those of package secrets. The owner is always that of the session.
type Secrets interface {
	Get(ctx context.Context, o secrets.Owner, name string) (secrets.Value, error)
	Use(ctx context.Context, o secrets.Owner, name string) (secrets.Bound, error)
	Set(ctx context.Context, o secrets.Owner, name string, v secrets.Value) (version uint64, err error)
	Delete(ctx context.Context, o secrets.Owner, name string) error
}

const secretLimits = "Names: 1 to 128 characters of `A-Za-z0-9_.-`. Values: 10,240 bytes of UTF-8. 50 secrets for each extension and organization."

var (
	badSecretName = Failure{sandbox.Invalid, "the name is empty, too long, or has other characters"}
	noSecrets     = Failure{sandbox.Unavailable, "the secrets or the audit cannot take the call now"}
)

func secretsMethods() []Method {
	return []Method{secretsGet(), secretsSet(), secretsDelete()}
}

// checkSecretName returns an error with the class that BluePLM's secrets have.
func checkSecretName(name string) error {
	if err := secrets.CheckName(name); err != nil {
		return &sandbox.Error{Code: sandbox.Invalid, Name: secretsError, Message: err.Error()}
	}
	return nil
}

// withSecrets makes the run of a method from one that needs the secrets of the
// session's owner.
func withSecrets[In, Out any](
	f func(ctx context.Context, s *Session, keeper Secrets, o secrets.Owner, in In) (Out, error),
) func(context.Context, *Session, In) (Out, error) {
	return func(ctx context.Context, s *Session, in In) (out Out, err error) {
		if s.c.Secrets == nil {
			return out, unavailable("secrets are not available here")
		}
		return f(ctx, s, s.c.Secrets, secrets.Owner{Org: s.c.Org, Extension: s.c.Extension}, in)
	}
}

type secretsGetArgs struct {
	Name string `json:"name" doc:"The name of the secret."`
}

func secretsGet() Method {
	return define(line[secretsGetArgs, *string]{
		Method: Method{
			Name: "secrets.get", Side: permissions.Server, Permission: permissions.SecretsRead,
			Doc: "Reads a secret, or `undefined` when there is none of that name. " +
				"Every read is written to the audit before the value is returned, that of an absent secret too.",
			Limits: secretLimits,
			Errors: []Failure{badSecretName, noSecrets},
			Example: `const key = await api.secrets.get('api_key')
if (!key) return api.response.error('not configured', 400)`,
			Local: true,
		},
		scope: func(_ *Session, in *secretsGetArgs) (string, error) { return "", checkSecretName(in.Name) },
		audit: func(in *secretsGetArgs) (string, string) { return "secret.read", in.Name },
		run: withSecrets(func(ctx context.Context, s *Session, keeper Secrets, o secrets.Owner, in secretsGetArgs) (*string, error) {
			v, err := keeper.Get(ctx, o, in.Name)
			if errors.Is(err, secrets.ErrNotFound) {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
			text := string(v.Reveal())
			s.reveal(text)
			return &text, nil
		}),
	})
}

type secretsSetArgs struct {
	Name  string `json:"name" doc:"The name of the secret."`
	Value string `json:"value" doc:"The secret."`
}

func secretsSet() Method {
	return define(line[secretsSetArgs, struct{}]{
		Method: Method{
			Name: "secrets.set", Side: permissions.Server, Permission: permissions.SecretsWrite,
			Doc:     "Stores a secret, encrypted for this extension in this organization. Every write is written to the audit first.",
			Limits:  secretLimits,
			Errors:  []Failure{badSecretName, {sandbox.Exhausted, "the value is too large, or there are too many secrets"}, lostTheRace, noSecrets},
			Example: `await api.secrets.set('api_key', 'sk-123')`,
			Local:   true,
		},
		scope: func(_ *Session, in *secretsSetArgs) (string, error) { return "", checkSecretName(in.Name) },
		audit: func(in *secretsSetArgs) (string, string) { return "secret.write", in.Name },
		run: withSecrets(func(ctx context.Context, s *Session, keeper Secrets, o secrets.Owner, in secretsSetArgs) (struct{}, error) {
			s.reveal(in.Value)
			_, err := keeper.Set(ctx, o, in.Name, secrets.NewValue(in.Value))
			return struct{}{}, err
		}),
	})
}

type secretsDeleteArgs struct {
	Name string `json:"name" doc:"The name of the secret."`
}

func secretsDelete() Method {
	return define(line[secretsDeleteArgs, struct{}]{
		Method: Method{
			Name: "secrets.delete", Side: permissions.Server, Permission: permissions.SecretsWrite,
			Doc:     "Removes a secret. Removing one that does not exist is no error. It is written to the audit first.",
			Limits:  secretLimits,
			Errors:  []Failure{badSecretName, lostTheRace, noSecrets},
			Example: `await api.secrets.delete('api_key')`,
			Local:   true,
		},
		scope: func(_ *Session, in *secretsDeleteArgs) (string, error) { return "", checkSecretName(in.Name) },
		audit: func(in *secretsDeleteArgs) (string, string) { return "secret.delete", in.Name },
		run: withSecrets(func(ctx context.Context, _ *Session, keeper Secrets, o secrets.Owner, in secretsDeleteArgs) (struct{}, error) {
			err := keeper.Delete(ctx, o, in.Name)
			if errors.Is(err, secrets.ErrNotFound) {
				err = nil
			}
			return struct{}{}, err
		}),
	})
}
