package audit

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"time"

	"github.com/annexhost/annex/storage"
)

// Checkpoint is a signed statement about a chain: up to entry Seq it was this, at
// that time. Kept elsewhere, it shows later that entries before it were cut off or
// written anew, even by who has the key of the chain. Each names the one before,
// and the sum of the entries between them, which needs no secret to be computed:
// so who has the public key checks an export alone.
type Checkpoint struct {
	Org       string    `json:"org"`
	Seq       uint64    `json:"seq"`  // the last entry that it covers
	From      uint64    `json:"from"` // the first
	Time      time.Time `json:"time"` // UTC, to the microsecond
	MAC       hexBytes  `json:"mac"`  // of entry Seq
	Sum       hexBytes  `json:"sum"`  // SHA-256 over the entries From to Seq
	Prev      hexBytes  `json:"prev"` // hash of the checkpoint before; zeros for the first
	Signature hexBytes  `json:"signature"`
}

const (
	checkpointPrefix storage.Key = "aud/c/"
	basePrefix       storage.Key = "aud/b/"
)

func checkpointsPrefix(org string) storage.Key { return checkpointPrefix + segment(org) }

// checkpointKey orders checkpoints by number, as entryKey orders entries.
func checkpointKey(org string, seq uint64) storage.Key {
	return checkpointsPrefix(org) + entryKey(org, seq)[len(entriesPrefix(org)):]
}

// statement is what is signed. Its parts have fixed sizes but for org, which has
// its length in front.
func (c Checkpoint) statement() []byte {
	b := appendText(nil, "annex/audit/checkpoint/1")
	b = appendText(b, c.Org)
	b = binary.BigEndian.AppendUint64(b, c.Seq)
	b = binary.BigEndian.AppendUint64(b, c.From)
	b = binary.BigEndian.AppendUint64(b, uint64(c.Time.UnixMicro()))
	for _, part := range [][]byte{c.MAC, c.Sum, c.Prev} {
		b = appendText(b, string(part))
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}

// hash names the checkpoint in the next one.
func (c Checkpoint) hash() hexBytes {
	sum := sha256.Sum256(c.statement())
	return sum[:]
}

// Right reports whether key signed the checkpoint as it is.
func (c Checkpoint) Right(key ed25519.PublicKey) bool {
	return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, c.statement(), c.Signature)
}

// entrySum is the sum of a range of entries.
type entrySum struct{ hash hash.Hash }

func newEntrySum(prev []byte) entrySum {
	s := entrySum{sha256.New()}
	s.hash.Write(appendText(appendText(nil, "annex/audit/sum/1"), string(prev)))
	return s
}

func (s entrySum) add(seq uint64, mac, body []byte) {
	b := binary.BigEndian.AppendUint64(nil, seq)
	b = append(b, mac...)
	s.hash.Write(binary.BigEndian.AppendUint32(b, uint32(len(body))))
	s.hash.Write(body)
}

func (s entrySum) sum() hexBytes { return s.hash.Sum(nil) }

// PublicKey is the key that checkpoints and exports are signed with. It stays the
// same when the master key is rotated. Tell it to who verifies exports.
func (l *Log) PublicKey() ed25519.PublicKey { return l.signer.Public().(ed25519.PublicKey) }

// newSigner derives the signing key from the key of the chains.
func newSigner(key []byte) ed25519.PrivateKey {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("annex/audit/sign/1"))
	return ed25519.NewKeyFromSeed(h.Sum(nil))
}

// Checkpoint signs what the chain of org is now, after it has checked the entries
// since the last checkpoint. Without new entries it returns the last one; an
// organization without entries has none, which is ErrNoEntries.
func (l *Log) Checkpoint(ctx context.Context, org string) (Checkpoint, error) {
	if err := checkOrg(org); err != nil {
		return Checkpoint{}, err
	}
	l.signing.Lock()
	defer l.signing.Unlock()
	last, err := l.lastCheckpoint(ctx, org)
	if err != nil {
		return Checkpoint{}, err
	}
	v := &verifier{store: l.store, chain: newChain(l.key), org: org, at: last.end()}
	prev := hexBytes(make([]byte, sha256.Size))
	if last.Seq > 0 {
		prev = last.hash()
	}
	v.sum = newEntrySum(prev)
	if bad, err := v.run(ctx); err != nil || bad != nil {
		if err == nil {
			err = fmt.Errorf("%w: %q, entry %d: %s", ErrBroken, org, bad.Seq, bad.Reason)
		}
		return Checkpoint{}, err
	}
	if v.at.seq == 0 {
		return Checkpoint{}, ErrNoEntries
	}
	if v.at.seq == last.Seq {
		return last, nil
	}
	c := Checkpoint{
		Org: org, Seq: v.at.seq, From: last.Seq + 1, Time: l.now().UTC().Truncate(time.Microsecond),
		MAC: v.at.mac[:], Sum: v.sum.sum(), Prev: prev,
	}
	c.Signature = ed25519.Sign(l.signer, c.statement())
	data, err := json.Marshal(c)
	if err != nil {
		return Checkpoint{}, err
	}
	err = l.store.Update(ctx, func(tx storage.Tx) error { return tx.Put(checkpointKey(org, c.Seq), data) })
	if err != nil {
		return Checkpoint{}, fmt.Errorf("audit: keep a checkpoint of %q: %w", org, err)
	}
	return c, nil
}

// ErrNoEntries says that an organization has nothing to be signed.
var ErrNoEntries = errors.New("audit: there are no entries")

// end is the end of the chain that the checkpoint covers.
func (c Checkpoint) end() head {
	if c.Seq == 0 {
		return head{}
	}
	return head{c.Seq, [macSize]byte(c.MAC)}
}

// lastCheckpoint returns the newest checkpoint of org, the zero one when there is none.
func (l *Log) lastCheckpoint(ctx context.Context, org string) (last Checkpoint, err error) {
	err = l.checkpoints(ctx, org, func(c Checkpoint) error {
		last = c
		return nil
	})
	return last, err
}

// checkpoints calls f for every checkpoint of org, in order. One that this log has
// not signed is ErrBroken.
func (l *Log) checkpoints(ctx context.Context, org string, f func(Checkpoint) error) error {
	var after storage.Key
	for {
		rows, err := l.store.Scan(ctx, checkpointsPrefix(org), after, listPage)
		if err != nil {
			return fmt.Errorf("audit: checkpoints of %q: %w", org, err)
		}
		for _, row := range rows {
			var c Checkpoint
			if err := json.Unmarshal(row.Value, &c); err != nil || row.Key != checkpointKey(org, c.Seq) || c.Org != org || !c.Right(l.PublicKey()) || len(c.MAC) != macSize {
				return fmt.Errorf("%w: a checkpoint of %q at %.80q is not one that was signed", ErrBroken, org, row.Key)
			}
			if err := f(c); err != nil {
				return err
			}
			after = row.Key
		}
		if len(rows) < listPage {
			return nil
		}
	}
}

// CheckpointAll makes a checkpoint of every organization that has new entries,
// and tells of each. A chain that is damaged is told of and does not stop the others.
func (l *Log) CheckpointAll(ctx context.Context, tell func(org string, c Checkpoint, err error)) error {
	for after := ""; ; {
		orgs, err := l.Orgs(ctx, after, 100)
		if err != nil {
			return err
		}
		for _, org := range orgs {
			c, err := l.Checkpoint(ctx, org)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if !errors.Is(err, ErrNoEntries) {
				tell(org, c, err)
			}
			after = org
		}
		if len(orgs) < 100 {
			return nil
		}
	}
}
