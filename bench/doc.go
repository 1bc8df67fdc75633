// Package bench compares Annex with its peers, side by side in one run. It is a
// module of its own, so that the dependencies of the peers stay out of Annex.
package bench
