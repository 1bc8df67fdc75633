package admin

import (
	"bufio"
	"context"
	"io"

	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/sandbox"
)

// BackupType is the media type of a backup.
const BackupType = "application/vnd.annex.backup"

// Backup streams a consistent backup of everything.
var Backup = Define(Spec{
	Name: "backup", Method: "GET", Path: "/backup", Right: identity.Operate, Type: BackupType,
	Doc: "Streams a consistent backup of everything while the host serves: sealed as it is stored, checksummed, without the master key",
}, func(ctx context.Context, c *Call, _ struct{}) (Stream, error) {
	if c.Config.Backup == nil {
		return Stream{}, sandbox.Errorf(sandbox.Unavailable, "this host makes no backups")
	}
	return Stream{Write: func(ctx context.Context, w io.Writer) error {
		out := bufio.NewWriterSize(w, 1<<20)
		if err := c.Config.Backup(ctx, c.Caller.Actor, out); err != nil {
			return err
		}
		return out.Flush()
	}}, nil
})
