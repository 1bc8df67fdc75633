// Package doctor looks at the machine that Annex runs on, and says what is not
// as it should be and what to do about it. A check is a function; who has more
// to look at adds one to the list that is given to [Run].
package doctor

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// Status says how a finding was.
type Status string

// The statuses, from the best to the worst.
const (
	OK      Status = "ok"
	Warning Status = "warning" // it works, with less than there could be
	Failed  Status = "failed"  // it does not work, or must not be used so
)

// Finding is one thing that was looked at.
type Finding struct {
	Check  string `json:"check"`            // which group of things: "jail"
	Name   string `json:"name"`             // which of them: "landlock"
	Status Status `json:"status"`           //
	Detail string `json:"detail,omitempty"` // what is there
	Remedy string `json:"remedy,omitempty"` // what to do, when the status is not ok
}

// Check is a group of things to look at. Its findings need no Check.
type Check struct {
	Name string
	Run  func(ctx context.Context) []Finding
}

// patience is how long one check may take.
const patience = 20 * time.Second

// Run makes the checks, one after the other. A check that does not end in time,
// or panics, is itself a finding.
func Run(ctx context.Context, checks []Check) []Finding {
	var all []Finding
	for _, c := range checks {
		found := attempt(ctx, c)
		for i := range found {
			found[i].Check = c.Name
		}
		all = append(all, found...)
	}
	return all
}

func attempt(ctx context.Context, c Check) []Finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ended := make(chan []Finding, 1)
	go func() {
		defer func() {
			if cause := recover(); cause != nil {
				ended <- []Finding{{Name: "check", Status: Failed, Detail: fmt.Sprintf("the check itself failed: %v", cause)}}
			}
		}()
		ended <- c.Run(ctx)
	}()
	select {
	case found := <-ended:
		return found
	case <-ctx.Done():
		return []Finding{{Name: "check", Status: Failed, Detail: "the check did not end in time"}}
	}
}

// Worst returns the worst status of all findings: OK when there is none.
func Worst(all []Finding) Status {
	worst := OK
	for _, f := range all {
		if f.Status == Failed || f.Status == Warning && worst == OK {
			worst = f.Status
		}
	}
	return worst
}

// Write writes the findings as text for people, a line each.
func Write(w io.Writer, all []Finding) error {
	var b strings.Builder
	width := 0
	for _, f := range all {
		width = max(width, len(f.Name))
	}
	check := ""
	for _, f := range all {
		if f.Check != check {
			check = f.Check
			fmt.Fprintf(&b, "%s\n", check)
		}
		mark := map[Status]string{OK: "ok  ", Warning: "warn", Failed: "FAIL"}[f.Status]
		b.WriteString(strings.TrimRight(fmt.Sprintf("  %s  %-*s  %s", mark, width, f.Name, f.Detail), " ") + "\n")
		if f.Remedy != "" && f.Status != OK {
			fmt.Fprintf(&b, "        %-*s  → %s\n", width, "", f.Remedy)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
