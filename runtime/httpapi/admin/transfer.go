package admin

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/httpapi"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/storage"
)

// StorageLine is a line of an export.
type StorageLine struct {
	Key       string          `json:"key"`
	Value     json.RawMessage `json:"value"`
	ExpiresAt time.Time       `json:"expiresAt,omitzero"`
}

// exportPage is how many values are held at once.
const exportPage = 32

// ExportStorage writes what an extension has stored.
var ExportStorage = Define(Spec{
	Name: "exportStorage", Method: "GET", Path: "/orgs/{org}/extensions/{extension}/export", Right: identity.Data, Type: jsonLines,
	Doc: "Writes what an extension has stored as lines of JSON with key, value and expiresAt, in the order of keys",
}, func(ctx context.Context, c *Call, in OfExtension) (Stream, error) {
	space, id, err := c.space(ctx, in)
	if err != nil {
		return Stream{}, err
	}
	if err := c.record(ctx, audit.Record{Org: in.Org, Extension: id, Action: "storage.export"}); err != nil {
		return Stream{}, err
	}
	return Stream{Write: func(ctx context.Context, w io.Writer) error {
		for after := ""; ; {
			items, next, err := space.Items(ctx, "", after, exportPage)
			if err != nil {
				return err
			}
			var page []byte
			for _, item := range items {
				line, err := encodeJSON(StorageLine{Key: item.Key, Value: item.Value, ExpiresAt: item.Expires})
				if err != nil {
					return err
				}
				page = append(page, line...)
			}
			if _, err := w.Write(page); err != nil || next == "" {
				return err
			}
			after = next
		}
	}}, nil
})

// ImportStorageIn is an export.
type ImportStorageIn struct {
	OfExtension
	Lines io.Reader `raw:"application/x-ndjson" json:"-"`
}

// Imported says what an import did.
type Imported struct {
	Keys    int `json:"keys" doc:"keys that were written"`
	Expired int `json:"expired" doc:"keys that were left out because they have expired since"`
}

// maxLine is the longest line of an import: the longest value and what is around it.
const maxLine = 1 << 20

// ImportStorage stores the lines of an export.
var ImportStorage = Define(Spec{
	Name: "importStorage", Method: "POST", Path: "/orgs/{org}/extensions/{extension}/import", Right: identity.Data,
	Doc: "Stores the lines of an export, over what is there and within the quota; a wrong line ends it, those before stay, and it can be repeated",
}, func(ctx context.Context, c *Call, in ImportStorageIn) (Imported, error) {
	var done Imported
	space, id, err := c.space(ctx, in.OfExtension)
	if err != nil {
		return done, err
	}
	if err := c.record(ctx, audit.Record{Org: in.Org, Extension: id, Action: "storage.import"}); err != nil {
		return done, err
	}
	lines := bufio.NewScanner(in.Lines)
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() {
		n++
		if len(lines.Bytes()) == 0 {
			continue
		}
		written, err := importLine(ctx, space, lines.Bytes())
		if err != nil {
			e := sandbox.AsError(shown(quota(err), false))
			return done, &sandbox.Error{Code: e.Code, Reason: e.Reason, Message: sandbox.Errorf(e.Code, "line %d, after %d keys: %s", n, done.Keys, e.Message).Message}
		}
		if written {
			done.Keys++
		} else {
			done.Expired++
		}
	}
	if err := lines.Err(); errors.Is(err, &sandbox.Error{Code: sandbox.Denied}) {
		return done, err
	} else if err != nil {
		return done, sandbox.Errorf(sandbox.Invalid, "line %d: %v", n+1, err)
	}
	return done, nil
})

// importLine reports whether the key was written, or has expired.
func importLine(ctx context.Context, space *storage.Space, text []byte) (written bool, err error) {
	var line StorageLine
	if err := json.Unmarshal(text, &line); err != nil {
		return false, sandbox.Errorf(sandbox.Invalid, "it is not a line of an export: %v", err)
	}
	if err := bridge.CheckKey(line.Key); err != nil {
		return false, err
	}
	if len(line.Value) == 0 {
		return false, sandbox.Errorf(sandbox.Invalid, "key %s has no value", line.Key)
	}
	var left time.Duration
	if !line.ExpiresAt.IsZero() {
		if left = time.Until(line.ExpiresAt); left <= 0 {
			return false, nil
		}
	}
	return true, space.Set(ctx, line.Key, line.Value, left)
}

// quota gives a full quota an answer of its own.
func quota(err error) error {
	var full *storage.QuotaError
	if errors.As(err, &full) {
		return &sandbox.Error{Code: sandbox.Exhausted, Reason: httpapi.ReasonFull, Message: full.Error()}
	}
	return err
}
