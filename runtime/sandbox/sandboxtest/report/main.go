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
	"github.com/annexhost/annex/runtime/worker"
)

func main() {
	become()
	var o options
	flag.StringVar(&o.only, "only", "", "run the attacks whose names match this `pattern`, and print the rows instead")
	flag.StringVar(&o.file, "o", "SECURITY-REPORT.md", "`file` to write")
	flag.IntVar(&o.beside, "beside", 1, "measure a neighbour beside every `n`th attack; 0 for none")
	flag.BoolVar(&verbose, "v", false, "say why workers ended")
	flag.Parse()
	if err := report(context.Background(), o, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "report: %v\n", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	only, file string
	beside     int
}

// report runs the attacks and writes the file, or, for a pattern, prints the rows.
func report(ctx context.Context, o options, progress io.Writer) error {
	pattern, err := regexp.Compile(o.only)
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
	runner := &corpus.Runner{Subjects: subjects}
	var rows []corpus.Row
	start := time.Now()
	for i, a := range all {
		if !pattern.MatchString(a.Name) {
			continue
		}
		runner.Measure = o.beside > 0 && i%o.beside == 0 && o.only == ""
		for _, row := range runner.Run(ctx, a) {
			fmt.Fprintln(progress, row.String())
			rows = append(rows, row)
		}
	}
	if o.only != "" {
		return nil
	}
	f, err := os.Create(o.file)
	if err != nil {
		return err
	}
	defer f.Close()
	facts := corpus.Facts{Jail: jailText(subjects), Beside: o.beside, Took: time.Since(start)}
	if err := corpus.Write(f, rows, facts); err != nil {
		return err
	}
	return f.Sync()
}

// jailText says which layers of the jail do not hold.
func jailText(subjects map[string]*corpus.Subject) string {
	for _, s := range subjects {
		if e, ok := s.Engine.(*worker.Engine); ok && !e.Report().Holds() {
			return "incomplete (" + e.Report().String() + ")"
		}
	}
	return "every layer holds"
}
