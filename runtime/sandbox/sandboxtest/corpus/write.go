package corpus

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/annexhost/annex/runtime/sandbox/sandboxtest/attacks"
)

// Facts are what a report says of the machine that it was made on.
type Facts struct {
	Jail   string        // which layers held
	Beside int           // a neighbour was measured beside every so many-th attack
	Took   time.Duration // the whole run
}

// Write writes a report of all rows as Markdown, sorted by attack.
func Write(w io.Writer, rows []Row, facts Facts) error {
	slices.SortStableFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Attack.Name, b.Attack.Name), -cmp.Compare(a.Tier, b.Tier))
	})
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, `<!-- Written by go run ./runtime/sandbox/sandboxtest/report. DO NOT EDIT. -->

# Security report

Every attack of [the corpus](runtime/sandbox/sandboxtest/attacks), run against every engine in the tiers that its file
names. %s, %s/%s, %d processors, %v in all. The jail: %s.

In a **worker** a row passes when the host lives, the answer is one that the file expects, it comes within %v of the
limit that was broken, nothing of another organization shows or changes, the attacker's and a neighbour's next
invocations work, and the host's memory is back. **In process** an attack runs in a child without a wall: that it hangs
or dies is why workers are the default, and no failure; a wrong answer is one.

*Beside* is the 99th percentile of a neighbour's calls while the attack runs, divided by what it is beside a worker that
is as busy with well-behaved work: calls without a pause for %v or more each, in turns, for every attack in %d. One window holds some hundred calls, so a
single row is noise; the table of classes takes all calls of a class together.

`, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), facts.Took.Round(time.Second), facts.Jail, Margin, Window, facts.Beside)
	writeSummary(out, rows)
	writeClasses(out, rows)
	writeFailures(out, rows)
	writeRows(out, rows)
	return out.Flush()
}

// writeSummary counts what became of the attacks.
func writeSummary(w io.Writer, rows []Row) {
	type key struct{ engine, tier string }
	type count struct{ rows, passed, hung, died int }
	counts := map[key]*count{}
	for i := range rows {
		r := &rows[i]
		k := key{r.Attack.Engine, r.Tier}
		if counts[k] == nil {
			counts[k] = new(count)
		}
		c := counts[k]
		c.rows++
		if r.Passed() {
			c.passed++
		}
		if r.hung() {
			c.hung++
		}
		if strings.HasPrefix(r.Outcome, "died") {
			c.died++
		}
	}
	fmt.Fprint(w, "| engine | tier | attacks | passed | failed | hung | ended the process |\n|---|---|---|---|---|---|---|\n")
	for _, engine := range []string{attacks.JavaScript, attacks.Wasm} {
		for _, tier := range []string{attacks.Process, attacks.InProcess} {
			if c := counts[key{engine, tier}]; c != nil {
				fmt.Fprintf(w, "| %s | %s | %d | %d | %d | %d | %d |\n", engine, tierName(tier), c.rows, c.passed, c.rows-c.passed, c.hung, c.died)
			}
		}
	}
}

func (r *Row) hung() bool {
	return r.Outcome == "hung" || strings.Contains(r.Outcome, "next invocation hung")
}

func tierName(tier string) string {
	if tier == attacks.Process {
		return "worker"
	}
	return "in process"
}

// writeClasses sums the rows of workers up by class.
func writeClasses(w io.Writer, rows []Row) {
	type sum struct {
		rows, passed int
		slowest      time.Duration // beyond the limit
		beside       Beside
	}
	classes := map[string]*sum{}
	for i := range rows {
		r := &rows[i]
		if r.Tier != attacks.Process {
			continue
		}
		name := r.Attack.Engine + "/" + r.Attack.Class
		if classes[name] == nil {
			classes[name] = new(sum)
		}
		c := classes[name]
		c.rows++
		if r.Passed() {
			c.passed++
		}
		c.slowest = max(c.slowest, r.Took-bound(r.Attack)+Margin)
		c.beside.add(r.Beside)
	}
	fmt.Fprint(w, "\n## By class, in workers\n\n| class | attacks | passed | latest answer after its limit | neighbour's p99 beside attacks | beside work | ratio |\n|---|---|---|---|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(classes)) {
		c := classes[name]
		fmt.Fprintf(w, "| %s | %d | %d | %s | %s |\n", name, c.rows, c.passed, afterLimit(c.slowest), c.beside.cells())
	}
	fmt.Fprintf(w, "| all | | | | %s |\n", Together(rows).cells())
}

func afterLimit(d time.Duration) string {
	if d <= 0 {
		return "–"
	}
	return milliseconds(d)
}

// cells are p99, p99 and ratio.
func (b *Beside) cells() string {
	slices.Sort(b.Attack)
	slices.Sort(b.Work)
	if len(b.Attack) == 0 {
		return "– | – | –"
	}
	return fmt.Sprintf("%s | %s | %.1f", milliseconds(P99(b.Attack)), milliseconds(P99(b.Work)), b.Ratio())
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}

// writeFailures says of each row that failed why.
func writeFailures(w io.Writer, rows []Row) {
	fmt.Fprint(w, "\n## Failed\n\n")
	none := true
	for i := range rows {
		if r := &rows[i]; !r.Passed() {
			none = false
			fmt.Fprintf(w, "- %s, %s: %s; got %s\n", r.Attack.Name, tierName(r.Tier), cell(strings.Join(r.Failures, "; ")), cell(r.Outcome))
		}
	}
	if none {
		fmt.Fprint(w, "None.\n")
	}
}

// writeRows writes a table of attacks for each class, the tiers side by side.
func writeRows(w io.Writer, rows []Row) {
	last := ""
	for i := 0; i < len(rows); {
		a := rows[i].Attack
		tiers := map[string]*Row{}
		for ; i < len(rows) && rows[i].Attack.Name == a.Name; i++ {
			tiers[rows[i].Tier] = &rows[i]
		}
		if class := a.Engine + "/" + a.Class; class != last {
			last = class
			fmt.Fprintf(w, "\n## %s\n\n| attack | expected | worker | time | beside | | in process | time | |\n|---|---|---|---|---|---|---|---|---|\n", class)
		}
		name := a.Name[strings.LastIndexByte(a.Name, '/')+1:]
		fmt.Fprintf(w, "| %s | %s |%s|%s|\n", name, cell(strings.Join(a.Expect, ", ")), tierCells(tiers[attacks.Process], true), tierCells(tiers[attacks.InProcess], false))
	}
}

func tierCells(r *Row, measured bool) string {
	verdict, beside := "ok", "– "
	switch {
	case r == nil && measured:
		return " – | | | "
	case r == nil:
		return " – | | "
	case !r.Passed():
		verdict = "**FAILED**"
	}
	if r.Beside.Ratio() > 0 {
		beside = fmt.Sprintf("%.1f", r.Beside.Ratio())
	}
	text := fmt.Sprintf(" %s | %d ms ", cell(r.Outcome), r.Took.Milliseconds())
	if measured {
		text += "| " + beside + " "
	}
	return text + "| " + verdict + " "
}

// cell makes a text one that a cell of a table can hold.
func cell(s string) string {
	const most = 70
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "`", "'", "*", `\*`, "_", `\_`).Replace(s)
}
