package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// operating are the commands for whoever looks after a host.
var operating = strings.Fields(`
	org-create org-list org-export org-import org-erase
	install list show enable disable uninstall update versions rollback pin unpin
	grants-show grants-narrow grants-widen config-get config-set
	secrets-set secrets-list secrets-delete secrets-rotate
	storage-list storage-get storage-set storage-delete storage-export storage-import
	invoke logs stats audit-list audit-verify audit-export
	token-new token-list token-revoke public-show public-rotate public-revoke
	backup replay`)

// alone are commands that have a data directory and work on it without the admin API.
var alone = []string{
	"serve", "run", "dev", // they are the host
	"restore", // makes the directory
	"doctor",  // looks at the directory itself, in whatever state it is
}

// TestEveryCommandWorksBesideAServer: whatever has a data directory speaks the admin
// API, so that Badger's lock does not keep it out, and so that it works over the network.
func TestEveryCommandWorksBesideAServer(t *testing.T) {
	var found []string
	var walk func(cmd *cobra.Command, path string)
	walk = func(cmd *cobra.Command, path string) {
		for _, sub := range cmd.Commands() {
			walk(sub, strings.TrimPrefix(path+"-"+sub.Name(), "-"))
		}
		if !cmd.Runnable() || slices.Contains(alone, path) || cmd.Flags().Lookup("data") == nil {
			return
		}
		found = append(found, path)
		for _, flag := range []string{"host", "token", "cacert"} {
			if cmd.Flags().Lookup(flag) == nil {
				t.Errorf("annex %s has a data directory and no --%s: it has no route of the admin API", path, flag)
			}
		}
	}
	walk(newRoot(), "")
	for _, name := range operating {
		if !slices.Contains(found, name) {
			t.Errorf("there is no annex %s that speaks the admin API", strings.ReplaceAll(name, "-", " "))
		}
	}
}
