package audit

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/annexhost/annex/storage"
)

// Orgs returns up to limit organizations that have entries or a head, after the
// one named, in an order that does not change. Start with "" and go on with the
// last one. It looks at both kinds of rows, so that an organization does not
// disappear when one kind was removed.
func (l *Log) Orgs(ctx context.Context, after string, limit int) ([]string, error) {
	if limit < 1 {
		return nil, fmt.Errorf("%w: limit %d", ErrInvalid, limit)
	}
	var orgs []string
	for len(orgs) < limit {
		byHead, err := l.nextOrg(ctx, headPrefix, after)
		if err != nil {
			return nil, err
		}
		byEntry, err := l.nextOrg(ctx, entryPrefix, after)
		if err != nil {
			return nil, err
		}
		switch {
		case byHead == "" && byEntry == "":
			return orgs, nil
		case byHead == "" || byEntry != "" && segment(byEntry) < segment(byHead):
			after = byEntry
		default:
			after = byHead
		}
		orgs = append(orgs, after)
	}
	return orgs, nil
}

// nextOrg returns the organization of the first row below prefix that is behind
// all rows of after; "" when there is none.
func (l *Log) nextOrg(ctx context.Context, prefix storage.Key, after string) (string, error) {
	var from storage.Key
	if after != "" {
		// '0' comes right after the slash: behind all rows of after.
		from = prefix + storage.Key(url.PathEscape(after)) + "0"
	}
	rows, err := l.store.Keys(ctx, prefix, from, 1)
	if err != nil {
		return "", fmt.Errorf("audit: list organizations: %w", err)
	}
	if len(rows) == 0 {
		return "", nil
	}
	name, _, _ := strings.Cut(string(rows[0][len(prefix):]), "/")
	org, err := url.PathUnescape(name)
	if err != nil || checkOrg(org) != nil || url.PathEscape(org) != name {
		return "", fmt.Errorf("%w: a row of no organization: %q", ErrBroken, rows[0])
	}
	return org, nil
}
