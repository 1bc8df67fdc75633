package secrets

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/annexhost/annex/storage"
)

// MaxHosts is how many hosts a secret may be bound to.
const MaxHosts = 8

// Bound is a secret with the hosts that it may be sent to. Without hosts it may
// be sent nowhere on an extension's behalf.
type Bound struct {
	Value Value
	Hosts []string // ASCII names, sorted
}

// HostsError is a list of hosts that a secret cannot be bound to.
type HostsError struct{ text string }

// Error says which rule the list breaks.
func (e *HostsError) Error() string { return e.text }

// SetFor is [Keeper.Set] with the hosts that the value may be sent to, which
// replace those that there were. The caller gives them in the form in which hosts
// are granted; a list that is not up to [MaxHosts] such names is a *HostsError.
func (k *Keeper) SetFor(ctx context.Context, o Owner, name string, value Value, hosts []string) (version uint64, err error) {
	hosts, err = cleanHosts(hosts)
	if err != nil {
		return 0, err
	}
	return k.set(ctx, o, name, value, func(e *indexEntry) { e.hosts = hosts })
}

// Bind replaces the hosts of a secret and keeps its value. No hosts: it may be
// sent nowhere. A secret that is not there is ErrNotFound.
func (k *Keeper) Bind(ctx context.Context, o Owner, name string, hosts []string) error {
	if err := checkBoth(o, name); err != nil {
		return err
	}
	hosts, err := cleanHosts(hosts)
	if err != nil {
		return err
	}
	found := false
	err = k.update(ctx, o, false, func(_ storage.Tx, v *vault) error {
		pos, ok := v.index.find(name)
		if found = ok; !ok {
			return errUnchanged
		}
		v.index.entries[pos].hosts = hosts
		return nil
	})
	if err == nil && !found {
		err = ErrNotFound
	}
	return err
}

func cleanHosts(hosts []string) ([]string, error) {
	hosts = slices.Compact(slices.Sorted(slices.Values(hosts)))
	if len(hosts) > MaxHosts {
		return nil, &HostsError{fmt.Sprintf("a secret is bound to at most %d hosts, not %d", MaxHosts, len(hosts))}
	}
	for _, host := range hosts {
		if err := checkHost(host); err != nil {
			return nil, err
		}
	}
	return hosts, nil
}

// checkHost accepts what the names of hosts are made of, in ASCII and lower case.
func checkHost(host string) error {
	bad := host == "" || len(host) > 253
	for i := range len(host) {
		c := host[i]
		bad = bad || (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_'
	}
	if bad {
		return &HostsError{fmt.Sprintf("%.80q is not the name of a host in ASCII and lower case", host)}
	}
	return nil
}

// UpgradeIndexes writes the index of every owner in the present code: data of
// format 1 has it in the code before that, which knows no hosts. It may be
// stopped and run again, and returns how many it wrote.
func (k *Keeper) UpgradeIndexes(ctx context.Context) (n int, err error) {
	err = k.eachOwner(ctx, func(o Owner) error {
		changed := false
		err := k.store.Update(ctx, func(tx storage.Tx) error {
			changed = false
			row, err := tx.Get(ctx, o.rowKey())
			if errors.Is(err, storage.ErrNotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			if _, err := k.openVault(o, row); err == nil {
				return nil
			}
			v, err := k.openVaultAs(o, row, purposeIndex1, decodeIndex1)
			if err != nil {
				return err
			}
			if row, err = v.row(); err != nil {
				return err
			}
			changed = true
			return tx.Put(o.rowKey(), row)
		})
		if err == nil && changed {
			n++
		}
		return err
	})
	return n, err
}

// decodeIndex1 reads an index as of data format 1.
func decodeIndex1(b []byte) (*index, error) {
	return decodeIndexAs(b, func(*indexDecoder) []string { return nil })
}

// eachOwner calls f for every owner that has a row.
func (k *Keeper) eachOwner(ctx context.Context, f func(Owner) error) error {
	var after storage.Key
	for {
		const page = 100
		keys, err := k.store.Keys(ctx, ownerPrefix, after, page)
		if err != nil {
			return fmt.Errorf("secrets: list owners: %w", err)
		}
		for _, key := range keys {
			o, err := ownerOf(key)
			if err != nil {
				return err
			}
			if err := f(o); err != nil {
				return err
			}
			after = key
		}
		if len(keys) < page {
			return nil
		}
	}
}
