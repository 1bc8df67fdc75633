package corpus

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/annexhost/annex/runtime/sandbox/sandboxtest/attacks"
)

// childVariable names the attack that a child process is to run in process.
const childVariable = "ANNEX_ATTACK"

// childMemory bounds what a child may take from the machine: an attack in
// process has no other limit.
const childMemory = 1 << 30

// patience is how long after its limit an attack in process counts as hung.
const patience = 500 * time.Millisecond

// report is what a child prints.
type report struct {
	Outcome string
	Took    time.Duration
	Leaked  string
	Next    string // what was wrong with the next invocation
}

// Child runs the attack that a parent asks for and ends the process; in any
// other process it returns at once. subject makes the subject for an engine.
func Child(subject func(engine string) (*Subject, error)) {
	name := os.Getenv(childVariable)
	if name == "" {
		return
	}
	limitMemory(childMemory)
	a, ok := find(name)
	if !ok {
		os.Exit(2)
	}
	s, err := subject(a.Engine)
	if err != nil {
		os.Exit(3)
	}
	var r report
	say := json.NewEncoder(os.Stdout)
	r.Outcome, r.Took, r.Leaked = s.attack(context.Background(), a)
	_ = say.Encode(r) // now: the next invocation may hang
	r.Next = s.alive(context.Background(), attacker)
	if say.Encode(r) != nil {
		os.Exit(4)
	}
	os.Exit(0)
}

func find(name string) (attacks.Attack, bool) {
	all, err := attacks.All()
	if err != nil {
		return attacks.Attack{}, false
	}
	for _, a := range all {
		if a.Name == name {
			return a, true
		}
	}
	return attacks.Attack{}, false
}

// InProcess runs an attack in a child process that has no wall, and records how
// that ended: as expected, late, hung or dead. The program must call [Child]
// early.
func InProcess(ctx context.Context, a attacks.Attack) Row {
	row := inChild(ctx, a)
	for n := 1; n < attempts && !row.Passed() && row.Outcome == "TIMEOUT"; n++ {
		row = inChild(ctx, a) // it ran into its limit before it was done
	}
	return row
}

// inChild runs an attack in a child once.
func inChild(ctx context.Context, a attacks.Attack) Row {
	row := Row{Attack: a, Tier: attacks.InProcess}
	wall := a.Limits.Wall
	if a.Expects("REFUSED") {
		wall = CompileTime
	}
	ctx, stop := context.WithTimeout(ctx, wall+patience)
	defer stop()
	program, err := os.Executable()
	if err != nil {
		row.failf("%v", err)
		return row
	}
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = []string{childVariable + "=" + a.Name, "GOTRACEBACK=none"}
	var words bytes.Buffer
	cmd.Stderr = &head{b: &words}
	start := time.Now()
	out, err := cmd.Output()
	row.Took = time.Since(start)
	var r report
	decoder := json.NewDecoder(bytes.NewReader(out))
	said := decoder.Decode(&r) == nil
	if said {
		row.Outcome, row.Took = r.Outcome, r.Took
	}
	switch {
	case !said && ctx.Err() != nil:
		row.Outcome = "hung"
	case !said:
		row.Outcome = "died: " + cause(words.String(), err)
	case decoder.Decode(&r) != nil:
		row.Outcome += ", then the next invocation hung or the process died"
	default:
		row.judge(r)
	}
	return row
}

// judge holds an attack in process to what a wall is not needed for: the right
// answer, nothing of others, and that the next invocation works.
func (row *Row) judge(r report) {
	if !row.Attack.Expects(r.Outcome) {
		row.failf("expected %s", strings.Join(row.Attack.Expect, " or "))
	}
	if r.Leaked != "" {
		row.failf("%s", r.Leaked)
	}
	if r.Next != "" {
		row.failf("the next invocation: %s", r.Next)
	}
}

// cause says in a few words how a process died.
func cause(words string, err error) string {
	for _, known := range []string{"stack overflow", "out of memory", "cannot allocate memory", "concurrent map", "panic: "} {
		if at := strings.Index(words, known); at >= 0 {
			line, _, _ := strings.Cut(words[at:], "\n")
			return clip(line)
		}
	}
	if line, _, _ := strings.Cut(strings.TrimSpace(words), "\n"); line != "" {
		return clip(line)
	}
	if err == nil {
		return "said nothing"
	}
	return err.Error()
}

// head keeps the first bytes of what a process says.
type head struct{ b *bytes.Buffer }

func (t *head) Write(p []byte) (int, error) {
	const most = 16 << 10
	if room := most - t.b.Len(); room > 0 {
		t.b.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}
