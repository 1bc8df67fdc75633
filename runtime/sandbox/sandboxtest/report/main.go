// Command report runs the whole corpus of attacks against every engine in every
// tier and writes what became of each to SECURITY-REPORT.md.
//
//	go run ./runtime/sandbox/sandboxtest/report
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"

	"github.com/annexhost/annex/runtime/sandbox/sandboxtest/attacks"
	"github.com/annexhost/annex/runtime/sandbox/sandboxtest/corpus"
)

func main() {
	become()
	only := flag.String("only", "", "run the attacks whose names match this `pattern`, and print them instead")
	out := flag.String("o", "SECURITY-REPORT.md", "`file` to write")
	flag.BoolVar(&verbose, "v", false, "say why workers ended")
	flag.Parse()
	if err := report(context.Background(), *only, *out, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "report: %v\n", err)
		os.Exit(1)
	}
}

// report runs the attacks and writes the file, or, for a pattern, prints the rows.
func report(ctx context.Context, only, file string, progress io.Writer) error {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	all, err := attacks.All()
	if err != nil {
		return err
	}
	subjects, stop, err := inWorkers()
	if err != nil {
		return err
	}
	defer stop()
	runner := &corpus.Runner{Subjects: subjects, Measure: only == ""}
	var rows []corpus.Row
	start := time.Now()
	for _, a := range all {
		if !pattern.MatchString(a.Name) {
			continue
		}
		for _, row := range runner.Run(ctx, a) {
			fmt.Fprintln(progress, row.String())
			rows = append(rows, row)
		}
	}
	if only != "" {
		return nil
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	return corpus.Write(f, rows, time.Since(start))
}
