package audit

import "context"

// credentialKey is under what a context has the credential of who acts.
type credentialKey struct{}

// WithCredential returns a context of which all records say by what their actor
// was known: whatever is done for a request, however deep, is told from what the
// same user did with another token. credential is no secret.
func WithCredential(ctx context.Context, credential string) context.Context {
	if credential == "" {
		return ctx
	}
	return context.WithValue(ctx, credentialKey{}, credential)
}

func credentialOf(ctx context.Context) string {
	credential, _ := ctx.Value(credentialKey{}).(string)
	return credential
}
