package permissions_test

import (
	"fmt"

	"github.com/annexhost/annex/permissions"
)

// What a manifest declares becomes what a person reads, and what a call is
// checked against.
func Example() {
	asks, errs := permissions.ParseSet(
		[]string{"ui:toast"},
		[]string{"http:domain:API.example.com", "storage:database"},
		permissions.Policy{},
	)
	if len(errs) > 0 {
		fmt.Println(errs[0])
		return
	}
	for _, s := range asks.Statements() {
		fmt.Printf("%s (%s risk)\n", s.Text, s.Risk)
	}

	grants := permissions.NewGrants("acme.notes", asks, permissions.Policy{})
	if denial := grants.CheckHost("malicious.example"); denial != nil {
		fmt.Println(denial)
	}
	if denial := grants.Check(permissions.Server, permissions.SecretsRead); denial != nil {
		fmt.Println(denial)
	}

	// Output:
	// Connect to api.example.com (medium risk)
	// Store data on server (low risk)
	// Show notifications (low risk)
	// Domain malicious.example not in extension's allowed domains
	// Permission denied: secrets:read not granted to extension acme.notes
}
