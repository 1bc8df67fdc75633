package admin

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/logs"
	"github.com/annexhost/annex/runtime/sandbox"
)

// ReadLogsIn says which lines are wanted.
type ReadLogsIn struct {
	InOrg
	Extension  string `query:"extension" json:"-" doc:"only this extension, by its full id or a short name"`
	Invocation string `query:"invocation" json:"-" doc:"only this invocation"`
	Level      string `query:"level" json:"-" doc:"this level and worse: debug, info, warn or error"`
	Limit      int    `query:"limit" json:"-" doc:"the newest so many, 1 to 10000; 100 unless given"`
	Follow     bool   `query:"follow" json:"-" doc:"go on with new lines until the caller leaves"`
}

// ReadLogs streams what handlers logged.
var ReadLogs = Define(Spec{
	Name: "readLogs", Method: "GET", Path: "/orgs/{org}/logs", Right: identity.Logs, Type: jsonLines,
	Doc: "Streams the newest lines that handlers logged, as lines of JSON, and with follow those that come",
}, func(ctx context.Context, c *Call, in ReadLogsIn) (Stream, error) {
	if c.Logs == nil {
		return Stream{}, sandbox.Errorf(sandbox.Unavailable, "this host keeps no logs")
	}
	q := logs.Query{Org: in.Org, Invocation: in.Invocation, Level: in.Level, Limit: in.Limit}
	if q.Limit == 0 {
		q.Limit = 100
	}
	if in.Extension != "" {
		inst, err := c.Registry.Find(ctx, in.Org, in.Extension) // of what was uninstalled too
		if err != nil {
			return Stream{}, sandbox.Errorf(sandbox.NotFound, "extension %.128s is not installed for organization %s", in.Extension, in.Org)
		}
		q.Extension = inst.Extension
	}
	var follower *logs.Follower
	if in.Follow {
		var err error
		if follower, err = c.Logs.Follow(q); err != nil {
			return Stream{}, sandbox.Errorf(sandbox.Invalid, "%v", err)
		}
	}
	lines, err := c.Logs.Read(ctx, q)
	if err != nil {
		if follower != nil {
			follower.Stop()
		}
		if err == logs.ErrQuery {
			return Stream{}, sandbox.Errorf(sandbox.Invalid, "%v", err)
		}
		return Stream{}, err
	}
	return Stream{Write: func(ctx context.Context, w io.Writer) error {
		if follower != nil {
			defer follower.Stop()
		}
		out := bufio.NewWriter(w)
		enc := json.NewEncoder(out)
		last := uint64(0)
		for _, l := range lines {
			if err := enc.Encode(l); err != nil {
				return err
			}
			last = l.Seq
		}
		if err := out.Flush(); err != nil || follower == nil {
			return err
		}
		return follow(ctx, w, follower, last)
	}}, nil
})

// follow sends lines as they come, except those up to number last.
func follow(ctx context.Context, w io.Writer, f *logs.Follower, last uint64) error {
	enc := json.NewEncoder(w)
	for {
		select {
		case <-ctx.Done():
			return nil
		case l := <-f.Lines():
			if n := f.Lost(); n > 0 {
				said := logs.Line{Time: time.Now().UTC(), Org: l.Org, Level: "warn", Message: fmt.Sprintf("%d lines were not sent: they came too fast; they are kept", n)}
				if err := enc.Encode(said); err != nil {
					return err
				}
			}
			if l.Seq <= last {
				continue
			}
			if err := enc.Encode(l); err != nil {
				return err
			}
		}
	}
}

// ExtensionStats tells what an extension has used and keeps.
var ExtensionStats = Define(Spec{
	Name: "extensionStats", Method: "GET", Path: "/orgs/{org}/extensions/{extension}/stats", Right: identity.Extensions,
	Doc: "Tells what an extension has used since the host started, and what it keeps",
}, func(ctx context.Context, c *Call, in OfExtension) (runtime.Stats, error) {
	inst, err := c.installation(ctx, in.Org, in.Extension)
	if err != nil {
		return runtime.Stats{}, err
	}
	return c.Host.Stats(ctx, in.Org, inst.Extension)
})
