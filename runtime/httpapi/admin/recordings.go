package admin

import (
	"context"

	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/recording"
)

// RecordingsIn asks for recordings.
type RecordingsIn struct {
	InOrg
	Extension string `query:"extension" json:"-" doc:"only those of this extension"`
}

// RecordingList is all recordings of an organization or of one extension.
type RecordingList struct {
	Recordings []recording.Summary `json:"recordings"`
}

// ListRecordings lists what was recorded.
var ListRecordings = Define(Spec{
	Name: "listRecordings", Method: "GET", Path: "/orgs/{org}/recordings", Right: identity.Data,
	Doc: "Lists the invocations that serve --record has kept, by extension, the oldest first",
}, func(ctx context.Context, c *Call, in RecordingsIn) (RecordingList, error) {
	list, err := c.Host.Recordings(ctx, in.Org, in.Extension)
	return RecordingList{Recordings: list}, err
})

// RecordingIn names a recording.
type RecordingIn struct {
	InOrg
	ID   string `path:"id" json:"-" doc:"id of the invocation, which is the request's"`
	Code bool   `query:"code" json:"-" doc:"answer with the handler that ran as well"`
}

// RecordingOut is a recording, and the handler that ran.
type RecordingOut struct {
	Recording recording.Recording `json:"recording"`
	Code      []byte              `json:"code,omitempty" doc:"bundled handler, base64"`
	SourceMap []byte              `json:"sourceMap,omitempty" doc:"of the code, base64"`
}

// GetRecording shows a recording.
var GetRecording = Define(Spec{
	Name: "getRecording", Method: "GET", Path: "/orgs/{org}/recordings/{id}", Right: identity.Data,
	Doc: "Shows what an invocation was given and what it did, without secrets, and the code that ran",
}, func(ctx context.Context, c *Call, in RecordingIn) (RecordingOut, error) {
	rec, err := c.Host.Recording(ctx, in.Org, in.ID)
	if err != nil {
		return RecordingOut{}, err
	}
	out := RecordingOut{Recording: *rec}
	if in.Code {
		code, err := c.Host.RecordedCode(ctx, rec)
		if err != nil {
			return RecordingOut{}, err
		}
		out.Code, out.SourceMap = code.Code, code.SourceMap
	}
	return out, nil
})

// EraseRecordings removes recordings.
var EraseRecordings = Define(Spec{
	Name: "eraseRecordings", Method: "DELETE", Path: "/orgs/{org}/extensions/{extension}/recordings", Right: identity.Data,
	Doc: "Removes all recordings of an extension",
}, func(ctx context.Context, c *Call, in OfExtension) (None, error) {
	inst, err := c.installation(ctx, in.Org, in.Extension)
	if err != nil {
		return None{}, err
	}
	if err := c.record(ctx, audit.Record{Org: in.Org, Extension: inst.Extension, Action: "recordings.erase"}); err != nil {
		return None{}, err
	}
	return None{}, c.Host.EraseRecordings(ctx, in.Org, inst.Extension)
})
