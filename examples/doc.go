// Package examples holds extensions, one a directory, and the tests that run
// them as a caller over HTTP sees them.
package examples
