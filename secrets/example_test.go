package secrets_test

import (
	"context"
	"fmt"
	"log"

	"github.com/annexhost/annex/secrets"
	"github.com/annexhost/annex/storage/memstore"
)

// A Value says REDACTED wherever it is printed; Reveal is the one way out.
func Example() {
	ctx := context.Background()
	key, err := secrets.NewMasterKey()
	if err != nil {
		log.Fatal(err)
	}
	keeper, err := secrets.NewKeeper(ctx, memstore.New(), key, secrets.KeeperConfig{})
	if err != nil {
		log.Fatal(err)
	}
	owner := secrets.Owner{Org: "demo", Extension: "acme.weather"}
	version, err := keeper.Set(ctx, owner, "api_key", secrets.NewValue("sk-123"))
	if err != nil {
		log.Fatal(err)
	}
	value, err := keeper.Get(ctx, owner, "api_key")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("version %d: %v, %+v, %q\n", version, value, value, value)
	fmt.Println(string(value.Reveal()))
	// Output:
	// version 1: REDACTED, REDACTED, REDACTED
	// sk-123
}
