package audit

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/annexhost/annex/storage"
)

// An export of an organization's chain is lines of JSON: an exportHead, then the
// entries as [Entry.MarshalJSON] has them with each checkpoint after the last
// entry that it covers, then an exportEnd. Every entry is covered by a checkpoint,
// and the end is signed: nobody without the signing key changes, adds, leaves out
// or cuts off anything.
type exportHead struct {
	AnnexAudit int         `json:"annexAudit"` // format: 1
	Org        string      `json:"org"`
	PublicKey  hexBytes    `json:"publicKey"`
	Base       *Checkpoint `json:"base,omitempty"` // covers what was dropped by retention
}

type exportCheckpoint struct {
	Checkpoint *Checkpoint `json:"checkpoint"`
}

type exportEnd struct {
	End *exportClosing `json:"end"`
}

// exportClosing says that an export ends where it does.
type exportClosing struct {
	Org       string    `json:"org"`
	Last      uint64    `json:"last"` // number of the last entry
	Time      time.Time `json:"time"`
	Signature hexBytes  `json:"signature"`
}

func (e exportClosing) statement() []byte {
	b := appendText(appendText(nil, "annex/audit/end/1"), e.Org)
	b = binary.BigEndian.AppendUint64(b, e.Last)
	return binary.BigEndian.AppendUint64(b, uint64(e.Time.UnixMicro()))
}

const exportFormat = 1

// ExportSigned writes the chain of org to w so that whoever has the public key can
// verify it with [VerifyExport], without the host. It makes a checkpoint first,
// and exports up to it. An organization without entries is ErrNoEntries.
func (l *Log) ExportSigned(ctx context.Context, w io.Writer, org string) (entries uint64, err error) {
	if _, err := l.Checkpoint(ctx, org); err != nil {
		return 0, err
	}
	base, err := newChain(l.key).readBase(ctx, l.store, org)
	if err != nil {
		return 0, err
	}
	out := &exporter{log: l, w: bufio.NewWriter(w), org: org, at: base.seq}
	head := exportHead{AnnexAudit: exportFormat, Org: org, PublicKey: hexBytes(l.PublicKey())}
	if base.seq > 0 {
		c, err := l.firstCheckpoint(ctx, org, base.seq)
		if err != nil {
			return 0, err
		}
		head.Base = &c
	}
	if err := out.line(head); err != nil {
		return 0, err
	}
	err = l.checkpoints(ctx, org, func(c Checkpoint) error {
		if c.Seq <= base.seq {
			return nil
		}
		return out.upTo(ctx, c)
	})
	if err != nil {
		return 0, err
	}
	closing := exportClosing{Org: org, Last: out.at, Time: l.now().UTC().Truncate(time.Microsecond)}
	closing.Signature = ed25519.Sign(l.signer, closing.statement())
	if err := out.line(exportEnd{&closing}); err != nil {
		return 0, err
	}
	return out.at - base.seq, out.w.Flush()
}

// exporter writes lines; at is the last entry that it has written.
type exporter struct {
	log *Log
	w   *bufio.Writer
	org string
	at  uint64
}

func (x *exporter) line(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return x.raw(data)
}

func (x *exporter) raw(line []byte) error {
	_, err := x.w.Write(append(line, '\n'))
	if err != nil {
		return fmt.Errorf("audit: export %q: %w", x.org, err)
	}
	return nil
}

// upTo writes the entries that a checkpoint covers, and then the checkpoint.
func (x *exporter) upTo(ctx context.Context, c Checkpoint) error {
	for x.at < c.Seq {
		page, err := x.log.List(ctx, Query{Org: x.org, After: x.at, Limit: listPage})
		if err != nil {
			return err
		}
		if len(page.Entries) == 0 || page.Entries[0].Seq != x.at+1 { // dropped by retention meanwhile, or else there for all to see
			base, err := newChain(x.log.key).readBase(ctx, x.log.store, x.org)
			if err == nil && base.seq > x.at {
				err = fmt.Errorf("audit: export %q: old entries were dropped meanwhile; begin again: %w", x.org, storage.ErrConflict)
			}
			if err == nil && (len(page.Entries) == 0 || page.Entries[0].Seq > c.Seq) {
				err = fmt.Errorf("%w: %q has no entry %d", ErrBroken, x.org, x.at+1)
			}
			if err != nil {
				return err
			}
		}
		for _, e := range page.Entries {
			if e.Seq > c.Seq {
				break
			}
			line, err := e.MarshalJSON()
			if err != nil {
				return err
			}
			if err := x.raw(line); err != nil {
				return err
			}
			x.at = e.Seq
		}
	}
	return x.line(exportCheckpoint{&c})
}

// ExportReport is what [VerifyExport] found.
type ExportReport struct {
	Org         string
	PublicKey   ed25519.PublicKey // that the export names; who verifies must know that it is the host's
	Base        uint64            // entries that retention had dropped
	Entries     uint64            // right ones, from the first on
	Exported    time.Time         // zero when the end is wrong or missing
	Checkpoints []Checkpoint      // that are right
	FirstBad    *BadLine
}

// BadLine is the first line of an export that is wrong.
type BadLine struct {
	Line   int // 1 is the first; for a cut export the one that is missing
	Reason string
}

// maxExportLine bounds a line: a record is bounded, and escaped in JSON.
const maxExportLine = 1 << 20

// VerifyExport checks an export to its end. key is the host's public key as it was
// told before; nil takes the one that the export names, which proves only that the
// export is whole, not whose it is. earlier are checkpoints of earlier exports:
// each must still be there. What is wrong is in the report; errors are of r.
func VerifyExport(r io.Reader, key ed25519.PublicKey, earlier []Checkpoint) (ExportReport, error) {
	v := &exportVerifier{key: key, earlier: earlier}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxExportLine)
	for lines.Scan() {
		v.line++
		if reason := v.step(lines.Bytes()); reason != "" {
			v.report.FirstBad = &BadLine{v.line, reason}
			return v.report, nil
		}
	}
	if err := lines.Err(); err != nil && err != bufio.ErrTooLong {
		return v.report, fmt.Errorf("audit: read an export: %w", err)
	}
	if reason := v.end(lines.Err()); reason != "" {
		v.report.FirstBad = &BadLine{v.line + 1, reason}
	}
	return v.report, nil
}

// exportVerifier walks an export.
type exportVerifier struct {
	key     ed25519.PublicKey
	earlier []Checkpoint
	report  ExportReport

	line    int
	at      uint64 // the last entry
	mac     hexBytes
	covered Checkpoint // the last checkpoint
	sum     entrySum
	ended   bool
}

// exportLine is any line of an export after the first.
type exportLine struct {
	Seq        uint64          `json:"seq"`
	MAC        hexBytes        `json:"mac"`
	Record     json.RawMessage `json:"record"`
	Checkpoint *Checkpoint     `json:"checkpoint"`
	End        *exportClosing  `json:"end"`
}

// step checks one line and returns what is wrong with it.
func (v *exportVerifier) step(data []byte) (wrong string) {
	if v.ended {
		return "something follows the end"
	}
	if v.line == 1 {
		return v.begin(data)
	}
	var l exportLine
	if err := json.Unmarshal(data, &l); err != nil {
		return "it is no line of an export: " + err.Error()
	}
	switch {
	case l.Checkpoint != nil:
		return v.checkpoint(*l.Checkpoint)
	case l.End != nil:
		return v.close(*l.End)
	case l.Record != nil:
		return v.entry(l)
	}
	return "it is no entry, checkpoint or end"
}

func (v *exportVerifier) begin(data []byte) string {
	var h exportHead
	if err := json.Unmarshal(data, &h); err != nil || h.AnnexAudit != exportFormat {
		return fmt.Sprintf("this is no export of an audit of format %d", exportFormat)
	}
	v.report.Org, v.report.PublicKey = h.Org, ed25519.PublicKey(h.PublicKey)
	if v.key == nil {
		v.key = v.report.PublicKey
	}
	if len(v.key) != ed25519.PublicKeySize || !v.key.Equal(v.report.PublicKey) {
		return fmt.Sprintf("it was signed with the key %x, not with %x", []byte(v.report.PublicKey), []byte(v.key))
	}
	prev := hexBytes(make([]byte, sha256.Size))
	if h.Base != nil {
		if !h.Base.Right(v.key) || h.Base.Org != h.Org || h.Base.Seq == 0 {
			return "the checkpoint at its base was not signed with the key"
		}
		v.covered, v.at, v.report.Base, prev = *h.Base, h.Base.Seq, h.Base.Seq, h.Base.hash()
	}
	v.sum = newEntrySum(prev)
	return ""
}

func (v *exportVerifier) entry(l exportLine) string {
	if l.Seq != v.at+1 {
		return fmt.Sprintf("entry %d stands where entry %d belongs", l.Seq, v.at+1)
	}
	var r Record
	if err := json.Unmarshal(l.Record, &r); err != nil || r.Org != v.report.Org {
		return fmt.Sprintf("entry %d is no record of %q", l.Seq, v.report.Org)
	}
	v.at, v.mac = l.Seq, l.MAC
	v.sum.add(l.Seq, l.MAC, l.Record)
	return ""
}

// checkpoint checks the entries since the last one. A wrong entry is found here:
// its own line cannot be told from the others without the key of the chain.
func (v *exportVerifier) checkpoint(c Checkpoint) string {
	switch {
	case !c.Right(v.key) || c.Org != v.report.Org:
		return "the checkpoint was not signed with the key"
	case c.From != v.covered.Seq+1 || v.covered.Seq > 0 && !slices.Equal(c.Prev, v.covered.hash()):
		return "a checkpoint before this one is missing"
	case c.Seq != v.at || !slices.Equal(c.MAC, v.mac):
		return fmt.Sprintf("the checkpoint is of entry %d, and stands after entry %d", c.Seq, v.at)
	case !slices.Equal(c.Sum, v.sum.sum()):
		return fmt.Sprintf("one of the entries %d to %d was changed", c.From, c.Seq)
	}
	v.covered = c
	v.sum = newEntrySum(c.hash())
	v.report.Entries = c.Seq - v.report.Base
	v.report.Checkpoints = append(v.report.Checkpoints, c)
	return ""
}

func (v *exportVerifier) close(e exportClosing) string {
	switch {
	case e.Org != v.report.Org || !ed25519.Verify(v.key, e.statement(), e.Signature):
		return "the end was not signed with the key"
	case e.Last != v.at || v.covered.Seq != v.at:
		return fmt.Sprintf("the end is that of entry %d, and stands after entry %d", e.Last, v.at)
	}
	v.ended, v.report.Exported = true, e.Time
	return ""
}

// end says what is wrong with an export that has no more lines.
func (v *exportVerifier) end(err error) string {
	switch {
	case err != nil:
		return "the line is too long"
	case !v.ended:
		return "the end is cut off"
	}
	for _, old := range v.earlier {
		switch i := slices.IndexFunc(v.report.Checkpoints, func(c Checkpoint) bool { return c.Seq == old.Seq }); {
		case old.Org != v.report.Org, old.Seq < v.report.Base:
		case i < 0:
			return fmt.Sprintf("the checkpoint of entry %d, which an earlier export has, is missing: entries were cut off or written anew", old.Seq)
		case !slices.Equal(v.report.Checkpoints[i].hash(), old.hash()):
			return fmt.Sprintf("the checkpoint of entry %d is another one than in an earlier export: entries were written anew", old.Seq)
		}
	}
	return ""
}
