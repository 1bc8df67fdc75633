// Package exttest runs the tests that an extension brings: its *.test.ts and
// *.test.js files, in the sandbox, against a host in memory with a clock that
// the test moves and a network that it stubs.
package exttest
