// Package identity says who is calling: callers with a token of this host
// ([Tokens]) or a JWT of a configured issuer ([Issuers]), and what a role may
// do (rights.go, the one table).
//
// Everything comes from a credential. No header that a caller chooses names an
// organization, and an unknown, an expired and a revoked token are the same
// answer. Nothing is cached: a token that was revoked is unknown to the next
// call.
//
// Keys of [Tokens], all below "identity/":
//
//	token/SHA256     a Token, by the hash of its value
//	org/ORG/ID       index: the hash of the token
package identity
