package main

import (
	"os"
	"testing"
)

func Example() {
	if err := os.Chdir("../.."); err != nil {
		panic(err)
	}
	main()
	// Output: 200 {"message":"Hello, Ada!","from":"nobody"}
}

func TestAMissingDirectoryIsAnError(t *testing.T) {
	if err := run(t.Context(), "no/such/extension"); err == nil {
		t.Error("run of a directory that does not exist succeeded")
	}
}
