package storage

import (
	"context"
	"fmt"
	"strings"
)

// CheckSpace recounts a Space and returns what does not agree: counters, records
// of expiry, and the index by time.
func CheckSpace(ctx context.Context, r Reader, owner Key) (Usage, error) {
	o := ownerKey(owner)
	var counted Usage
	expiring := map[string]expiry{}
	pairs, err := r.Scan(ctx, owner, "", 1<<20)
	if err != nil {
		return counted, err
	}
	records := map[string]expiry{}
	for _, pair := range pairs {
		rest := string(pair.Key[len(owner):])
		switch {
		case rest == usagePart:
		case strings.HasPrefix(rest, valuePart):
			e, err := openEnvelope(pair.Value)
			if err != nil {
				return counted, err
			}
			key := rest[len(valuePart):]
			counted.add(key, e, +1)
			if e.expires != 0 {
				expiring[key] = e.expires
			}
		case strings.HasPrefix(rest, expiryPart):
			at, err := decodeExpiry(pair.Value)
			if err != nil {
				return counted, err
			}
			records[rest[len(expiryPart):]] = at
		default:
			return counted, fmt.Errorf("key %q is in no part of the layout", pair.Key)
		}
	}
	index, err := indexOf(ctx, r, o)
	if err != nil {
		return counted, err
	}
	if fmt.Sprint(records) != fmt.Sprint(expiring) || fmt.Sprint(index) != fmt.Sprint(expiring) {
		return counted, fmt.Errorf("values expire at %v, records say %v, the index says %v", expiring, records, index)
	}
	usage, err := o.readUsage(ctx, r)
	if err == nil && usage != counted {
		err = fmt.Errorf("usage is %+v, counted %+v", usage, counted)
	}
	return counted, err
}

// indexOf returns what the index by time says of an owner.
func indexOf(ctx context.Context, r Reader, o ownerKey) (map[string]expiry, error) {
	keys, err := r.Keys(ctx, indexPrefix, "", 1<<20)
	if err != nil {
		return nil, err
	}
	index := map[string]expiry{}
	for _, key := range keys {
		i, err := parseIndex(key)
		if err != nil {
			return nil, err
		}
		if i.owner != o {
			continue
		}
		if _, twice := index[i.key]; twice {
			return nil, fmt.Errorf("key %q stands twice in the index by time", i.key)
		}
		index[i.key] = i.at
	}
	return index, nil
}
