package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/standard"
)

// keepFlags say what a host keeps of what has happened.
type keepFlags struct{ logSize, logAge, audit string }

func addKeepFlags(cmd *cobra.Command) *keepFlags {
	k := &keepFlags{}
	f := cmd.Flags()
	f.StringVar(&k.logSize, "keep-logs", "4MiB", "what is kept of the log of one extension of one organization")
	f.StringVar(&k.logAge, "keep-logs-for", "168h", "how long lines of handlers' logs are kept")
	f.StringVar(&k.audit, "keep-audit-for", "off", "how long audit entries are kept; off keeps them for ever")
	return k
}

// apply fills in the options that the flags are about.
func (k *keepFlags) apply(o *standard.Options) (err error) {
	if o.LogBytes, err = parseSize("keep-logs", k.logSize); err != nil {
		return err
	}
	if o.LogAge, err = parseDuration("keep-logs-for", k.logAge); err != nil {
		return err
	}
	if o.LogBytes == runtime.Unlimited || o.LogAge == runtime.Unlimited {
		return usagef("--keep-logs, --keep-logs-for: handlers' logs are bounded; want a size such as 4MiB and a time such as 168h")
	}
	if o.AuditRetention, err = parseDuration("keep-audit-for", k.audit); err != nil {
		return err
	}
	const least = 24 * time.Hour
	switch {
	case o.AuditRetention == runtime.Unlimited:
		o.AuditRetention = 0
	case o.AuditRetention < least:
		return usagef("--keep-audit-for %s: want %s or more, or off", k.audit, least)
	}
	return nil
}
