package storage

import (
	"context"
	"fmt"
	"time"
)

// Set sets key to value, to expire after expiresIn; 0 is never.
func (sp *Space) Set(ctx context.Context, key string, value []byte, expiresIn time.Duration) error {
	if expiresIn < 0 {
		return fmt.Errorf("%w: expires in %v", ErrInvalid, expiresIn)
	}
	if err := sp.check(key, value); err != nil {
		return err
	}
	return sp.do(ctx, &op{
		cost: sp.costOf(key, value),
		run: func(ctx context.Context, b *batch) (refused, err error) {
			before, err := sp.owner.read(ctx, b.tx, key)
			if err != nil {
				return nil, err
			}
			if _, refused, err := sp.admit(ctx, b, countNew(before)); refused != nil || err != nil {
				return refused, err
			}
			after := entry{present: true, value: value, expires: expiryAfter(b.now, expiresIn)}
			return nil, sp.owner.change(b.tx, &b.usage, key, before, after)
		},
	})
}

// SetMany sets all keys to their values, or none of them. They do not expire. It
// is bounded by [MaxTxBytes] as well as by the quotas.
func (sp *Space) SetMany(ctx context.Context, pairs []Pair) error {
	last := make(map[string]int, len(pairs)) // the last value of a key counts
	cost := 0
	for i, pair := range pairs {
		if err := sp.check(string(pair.Key), pair.Value); err != nil {
			return err
		}
		last[string(pair.Key)] = i
		cost += sp.costOf(string(pair.Key), pair.Value)
	}
	if len(pairs) == 0 {
		return ctx.Err()
	}
	return sp.do(ctx, &op{cost: cost, run: func(ctx context.Context, b *batch) (refused, err error) {
		before := make([]entry, len(pairs))
		for reclaimed := true; reclaimed; { // which may have removed one of ours
			added := 0
			for key, i := range last {
				if before[i], err = sp.owner.read(ctx, b.tx, key); err != nil {
					return nil, err
				}
				added += countNew(before[i])
			}
			if reclaimed, refused, err = sp.admit(ctx, b, added); refused != nil || err != nil {
				return refused, err
			}
		}
		for key, i := range last {
			after := entry{present: true, value: pairs[i].Value}
			if err := sp.owner.change(b.tx, &b.usage, key, before[i], after); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}})
}

// Delete removes key. Removing an absent key is no error.
func (sp *Space) Delete(ctx context.Context, key string) error {
	if err := sp.owner.checkKey(key); err != nil {
		return err
	}
	return sp.do(ctx, &op{
		cost: sp.costOf(key, nil),
		run: func(ctx context.Context, b *batch) (refused, err error) {
			before, err := sp.owner.read(ctx, b.tx, key)
			if err != nil {
				return nil, err
			}
			return nil, sp.owner.change(b.tx, &b.usage, key, before, entry{})
		},
	})
}

// Modify replaces the value of key by what f makes of it, with nobody in
// between. f is given the value, nil when key is absent, and returns the new
// one, nil to remove key. A key keeps its expiry. An error of f is returned as
// it is, and nothing is changed.
//
// f may run more than once, and on another goroutine than the caller's while
// other writers of the Space wait: it must be quick, and only compute.
func (sp *Space) Modify(ctx context.Context, key string, f func(old []byte) (new []byte, err error)) error {
	if err := sp.owner.checkKey(key); err != nil {
		return err
	}
	return sp.do(ctx, &op{
		cost: sp.costOf(key, nil) + usualValue,
		run: func(ctx context.Context, b *batch) (refused, err error) {
			before, err := sp.owner.read(ctx, b.tx, key)
			if err != nil {
				return nil, err
			}
			after, refused := sp.modified(key, before, b.now, f)
			if refused != nil {
				return refused, nil
			}
			if after.present {
				if _, refused, err := sp.admit(ctx, b, countNew(before)); refused != nil || err != nil {
					return refused, err
				}
			}
			return nil, sp.owner.change(b.tx, &b.usage, key, before, after)
		},
	})
}

// usualValue is what Modify expects of a value that it cannot know yet. When it
// is wrong the transaction may get too large, and is split up.
const usualValue = 16 << 10

// modified returns what f makes of before.
func (sp *Space) modified(key string, before entry, now time.Time, f func([]byte) ([]byte, error)) (entry, error) {
	var old []byte
	var after entry
	if before.present && !before.expires.passed(now) {
		old, after.expires = before.value, before.expires
	}
	value, err := f(old)
	if err != nil || value == nil {
		return entry{}, err
	}
	after.present, after.value = true, value
	return after, sp.check(key, value)
}

// check returns an error unless key and value are within the limits that do not
// depend on what is stored.
func (sp *Space) check(key string, value []byte) error {
	if sp.c.MaxValue > 0 && len(value) > sp.c.MaxValue {
		return &QuotaError{Quota: QuotaValue, Limit: sp.c.MaxValue, Used: len(value)}
	}
	if len(value) > MaxValue-maxEnvelope {
		return fmt.Errorf("%w: value of %q has %d bytes (max %d)", ErrTooLarge, key, len(value), MaxValue-maxEnvelope)
	}
	return sp.owner.checkKey(key)
}

// costOf returns what setting key to value may write at most: beside the value,
// two keys of the index and two records of expiry.
func (sp *Space) costOf(key string, value []byte) int {
	return 5*(indexFixed+len(sp.owner)+len(key)) + maxEnvelope + len(value)
}

func countNew(before entry) int {
	if before.present {
		return 0
	}
	return 1
}

// admit refuses keys for which there is no room, after it has made room by
// removing keys that have expired.
func (sp *Space) admit(ctx context.Context, b *batch, added int) (reclaimed bool, refused, err error) {
	before := b.usage.Keys
	over := before + added - sp.c.MaxKeys
	if added == 0 || over <= 0 || sp.c.MaxKeys < 0 {
		return false, nil, nil
	}
	if err := sp.reclaim(ctx, b, over); err != nil {
		return false, nil, err
	}
	if used := b.usage.Keys + added; used > sp.c.MaxKeys {
		return false, &QuotaError{Quota: QuotaKeys, Limit: sp.c.MaxKeys, Used: used}, nil
	}
	return b.usage.Keys < before, nil, nil
}

// reclaimPage is how many records of expiry are read at once.
const reclaimPage = 256

// reclaim removes up to n keys that have expired.
func (sp *Space) reclaim(ctx context.Context, b *batch, n int) error {
	base := sp.owner.expiry("")
	var after Key
	for {
		pairs, err := b.tx.Scan(ctx, base, after, reclaimPage)
		if err != nil {
			return err
		}
		for _, pair := range pairs {
			at, err := decodeExpiry(pair.Value)
			if err != nil {
				return err
			}
			if !at.passed(b.now) {
				continue
			}
			key := string(pair.Key[len(base):])
			before, err := sp.owner.read(ctx, b.tx, key)
			if err != nil {
				return err
			}
			if err := sp.owner.change(b.tx, &b.usage, key, before, entry{}); err != nil {
				return err
			}
			if n--; n == 0 {
				return nil
			}
		}
		if len(pairs) < reclaimPage {
			return nil
		}
		after = pairs[len(pairs)-1].Key
	}
}
