// Package arch holds the import policy of the repository and the test that
// enforces it. The policy is the table in policy.go: every package, what of
// ours it may import, and which third-party modules. A package or an import
// that is not in the table fails the test.
package arch
