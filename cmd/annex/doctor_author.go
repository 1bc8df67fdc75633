package main

import (
	"context"
	"fmt"
	"os/exec"
	"time"

	"github.com/annexhost/annex/runtime/doctor"
)

// expiresSoon is how long before its end a key is worth a warning.
const expiresSoon = 30 * 24 * time.Hour

// authorCheck looks at what somebody needs who writes and signs extensions.
func (d *doctorSubject) authorCheck() doctor.Check {
	return doctor.Check{Name: "authors", Run: func(context.Context) []doctor.Finding {
		return append(keyFindings(*d.ring, time.Now()), compilerFinding(), goFinding())
	}}
}

// compilerFinding says whether annex check can check types. Nothing else needs
// a compiler, so that one is missing is no fault.
func compilerFinding() doctor.Finding {
	f := doctor.Finding{Name: "compiler", Status: doctor.OK}
	if path, err := exec.LookPath("tsc"); err == nil {
		f.Detail = path
	} else {
		f.Detail = "no tsc on the PATH; annex check checks types where node_modules has one, everything else works without"
	}
	return f
}

// goFinding says whether annex build can build modules from Go.
func goFinding() doctor.Finding {
	f := doctor.Finding{Name: "go", Status: doctor.OK}
	if path, err := exec.LookPath("go"); err == nil {
		f.Detail = path
	} else {
		f.Detail = "none on the PATH; annex build needs it for extensions in Go, everything else works without"
	}
	return f
}

// keyFindings says what is the matter with the signing keys.
func keyFindings(dir string, now time.Time) []doctor.Finding {
	keys, err := signingKeys(dir)
	if err != nil {
		return []doctor.Finding{{
			Name: "signing keys", Status: doctor.Warning, Detail: err.Error(),
			Remedy: "until it is repaired no signed package is installed; revoked.json holds {\"keys\": []} when nothing was revoked",
		}}
	}
	if len(keys) == 0 {
		return []doctor.Finding{{Name: "signing keys", Status: doctor.OK, Detail: "none in " + dir + "; annex keys new makes one, annex keys trust takes a publisher's"}}
	}
	var found []doctor.Finding
	for _, k := range keys {
		f := doctor.Finding{Name: "key " + k.KeyID, Status: doctor.OK, Detail: fmt.Sprintf("%s, until %s", k.Status, k.ExpiresAt.Format(time.DateOnly))}
		switch {
		case k.Status == "revoked":
			f.Detail = k.Status
		case k.Status != "active":
			f.Status, f.Remedy = doctor.Warning, "packages signed with it are refused; the publisher signs again with a new one"
		case now.Add(expiresSoon).After(k.ExpiresAt):
			f.Status, f.Remedy = doctor.Warning, "it expires soon; annex keys new makes its successor, which those who trust it have to take over"
		}
		found = append(found, f)
	}
	return found
}
