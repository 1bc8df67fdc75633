package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// setting is a setting of serve, as it would be.
type setting struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Origin string `json:"origin"` // flag, a variable, a file, or default
}

// serveSettings returns what serve would have, with the flags that doctor was
// given in the place of its own.
func serveSettings(doctor *cobra.Command) ([]setting, error) {
	serve := newServe()
	flags := serve.Flags()
	var failed error
	doctor.Flags().Visit(func(f *pflag.Flag) {
		if theirs := flags.Lookup(f.Name); theirs != nil && originOf(f) == "flag" && failed == nil {
			failed = flags.Set(f.Name, f.Value.String())
		}
	})
	if failed != nil {
		return nil, failed
	}
	if err := serve.PreRunE(serve, nil); err != nil {
		return nil, err
	}
	var list []setting
	flags.VisitAll(func(f *pflag.Flag) {
		if knownSettings[f.Name] {
			list = append(list, setting{f.Name, shownValue(f), originOf(f)})
		}
	})
	if _, ok := os.LookupEnv(masterKeyVariable); ok {
		list = append(list, setting{"master-key", "set, and not shown", masterKeyVariable})
	}
	list, err := structuredSettings(list, flags)
	slices.SortFunc(list, func(a, b setting) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}

func shownValue(f *pflag.Flag) string {
	if many, ok := f.Value.(pflag.SliceValue); ok {
		return strings.Join(many.GetSlice(), ", ")
	}
	return f.Value.String()
}

// structuredSettings adds those that are no flags.
func structuredSettings(list []setting, flags *pflag.FlagSet) ([]setting, error) {
	file := flags.Lookup("config").Value.String()
	if err := checkStructured(file); err != nil {
		return list, err
	}
	s, err := readStructured(file)
	if err != nil {
		return list, err
	}
	from := fileName(flags)
	for host, org := range s.Hosts {
		list = append(list, setting{"hosts." + host, org, from})
	}
	for i, issuer := range s.Identity.Issuers {
		whose := issuer.Org
		if whose == "" {
			whose = strings.Join(issuer.Orgs, ", ")
		}
		list = append(list, setting{fmt.Sprintf("identity.issuers[%d]", i), issuer.Issuer + " for " + whose, from})
	}
	return list, nil
}

// writeSettings prints them.
func writeSettings(cmd *cobra.Command, list []setting, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"settings": list})
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	for _, s := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.Name, s.Value, s.Origin)
	}
	return w.Flush()
}
