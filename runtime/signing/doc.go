// Package signing signs packages, and decides offline whether a signed package
// is the one that its publisher made.
//
// A signature is the file SIGNATURE of a package: the text block of the
// contract, and after it the statement that is signed:
//
//	-----BEGIN BLUEPLM SIGNATURE-----
//	KeyId: acme-2026
//	Hash: SHA256:<hex>
//	Signature: <base64>
//	-----END BLUEPLM SIGNATURE-----
//	annex signature 1
//	key acme-2026
//	package acme.notes 1.0.0
//	annex package 1
//	<SHA-256 in hex> <size> <path>
//	…
//
// The statement names the key, the package and, from its fourth line on, every
// file but SIGNATURE in the order of their paths; the hash is that of the list
// of files ([pack.Package.Canonical]). The signature is Ed25519 over the bytes
// of the statement. Because the list is signed as such, a refusal can say which
// file was changed, added or removed.
//
// Keys come from a [Ring], a directory that the author and the operator each
// have. What cannot be decided is refused: a ring whose list of revoked keys
// cannot be read verifies nothing.
package signing
