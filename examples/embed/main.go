// Command embed runs an extension inside a Go program.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/standard"
)

func main() {
	if err := run(context.Background(), "examples/hello"); err != nil {
		log.Fatal(err)
	}
}

// run is the ten lines that a program needs.
func run(ctx context.Context, dir string) error {
	host, err := standard.OpenMemory(ctx, standard.Options{})
	if err != nil {
		return err
	}
	defer host.Close(ctx)
	if _, err := host.InstallDir(ctx, "acme", dir); err != nil {
		return err
	}
	reply, err := host.Invoke(ctx, runtime.Call{ID: "1", Org: "acme", Extension: "annex.hello", Method: "GET", Path: "greet/Ada"})
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stdout, "%d %s\n", reply.Status, reply.Body)
	return nil
}
