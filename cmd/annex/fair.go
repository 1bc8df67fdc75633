package main

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/manifest"
	"github.com/annexhost/annex/runtime/registry"
)

// fairFlags say how many invocations run at once, and how organizations share
// them out.
type fairFlags struct {
	concurrency, each, queue int
	wait                     string
	weights                  []string
}

func addFairFlags(cmd *cobra.Command) *fairFlags {
	v := &fairFlags{}
	f := cmd.Flags()
	f.IntVar(&v.concurrency, "limit-concurrency", 256, "invocations that run at once; organizations share them fairly")
	f.IntVar(&v.each, "limit-concurrency-each", 32, "invocations of one extension of one organization that run at once")
	f.IntVar(&v.queue, "limit-queue", 1024, "invocations that wait for their turn; 0 refuses at once (429)")
	f.StringVar(&v.wait, "limit-queue-wait", "2s", "how long an invocation waits for its turn before it is refused (429)")
	f.StringArrayVar(&v.weights, "weight", nil, "ORG=N or ORG/EXTENSION=N: N times the share of others (repeatable)")
	return v
}

// apply fills in the limits that the flags are about.
func (v *fairFlags) apply(l *runtime.Limits) error {
	if v.concurrency < 1 || v.each < 1 {
		return usagef("--limit-concurrency and --limit-concurrency-each: want at least 1")
	}
	if v.queue < 0 {
		return usagef("--limit-queue %d: want 0 or more", v.queue)
	}
	wait, err := parseDuration("limit-queue-wait", v.wait)
	if err != nil {
		return err
	}
	if wait == runtime.Unlimited {
		return usagef("--limit-queue-wait off: want a time such as 2s; --limit-queue 0 lets nobody wait")
	}
	l.Concurrent, l.ConcurrentEach, l.Queue, l.QueueWait = v.concurrency, v.each, v.queue, wait
	if v.queue == 0 {
		l.Queue = -1
	}
	l.Weights, err = parseWeights(v.weights)
	return err
}

// maxWeight keeps sums of weights and slots far from overflow.
const maxWeight = 1000

func parseWeights(values []string) (map[string]int, error) {
	weights := map[string]int{}
	for _, value := range values {
		owner, number, _ := strings.Cut(value, "=")
		org, extension, named := strings.Cut(owner, "/")
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > maxWeight || registry.CheckOrg(org) != nil || named && !manifest.IsID(extension) {
			return nil, usagef("--weight %s: want ORG=N or ORG/EXTENSION=N with N from 1 to %d, such as acme=4", value, maxWeight)
		}
		weights[owner] = n
	}
	return weights, nil
}
