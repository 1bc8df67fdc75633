// Package runtime is Annex as a library: a [Host] installs extensions after a
// person approved what they ask for, runs their handlers in sandboxes, and
// checks every call that leaves a sandbox against what was approved.
//
// The package joins permissions, storage, secrets, the bridge and whatever
// engines it is given; it imports no engine and no database. Package
// runtime/standard wires the usual ones together.
//
// The package shares its name with one of the standard library; a file that
// needs both imports the standard one as goruntime.
package runtime
