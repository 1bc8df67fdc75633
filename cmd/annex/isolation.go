package main

import (
	goruntime "runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime/standard"
)

// isolationFlags say where handlers run. They are the operator's alone: nothing
// in a package is asked.
type isolationFlags struct {
	all         string
	of          []string
	requireJail bool
}

func addIsolationFlags(cmd *cobra.Command) *isolationFlags {
	v := &isolationFlags{}
	f := cmd.Flags()
	f.StringVar(&v.all, "isolation", string(defaultIsolation()), "where handlers run: process (jailed workers) or inprocess (only for handlers that you trust)")
	f.StringArrayVar(&v.of, "isolation-of", nil, "ENGINE=process|inprocess, or ORG/EXTENSION=process|inprocess for one installation, which counts more (repeatable)")
	f.BoolVar(&v.requireJail, "require-jail", false, "refuse to serve where the operating system does not give workers a complete jail")
	return v
}

// apply puts what the flags say into the options of a host.
func (v *isolationFlags) apply(o *standard.Options) (err error) {
	if o.Isolation, err = parseIsolation(v.all, v.requireJail); err != nil {
		return err
	}
	o.RequireJail = v.requireJail
	o.IsolationOf = map[string]standard.Isolation{}
	for _, value := range v.of {
		key, tier, _ := strings.Cut(value, "=")
		o.IsolationOf[key] = standard.Isolation(tier)
	}
	if err := o.CheckIsolation(); err != nil {
		return usagef("--isolation-of: %s", strings.TrimPrefix(err.Error(), "standard: "))
	}
	return nil
}

// defaultIsolation is workers, where the system has them.
func defaultIsolation() standard.Isolation {
	if goruntime.GOOS == "windows" {
		return standard.InProcess
	}
	return standard.Process
}

// parseIsolation checks --isolation, and that it goes with --require-jail.
func parseIsolation(value string, requireJail bool) (standard.Isolation, error) {
	switch i := standard.Isolation(value); i {
	case standard.Process:
		return i, nil
	case standard.InProcess:
		if requireJail {
			return "", usagef("--require-jail needs --isolation process")
		}
		return i, nil
	}
	return "", usagef("--isolation %s: want process or inprocess", value)
}
