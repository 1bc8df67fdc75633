package runtime_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/annexhost/annex/runtime/standard"
)

// TestStrangersWriteLittleToTheHostsLog is that a handler which logs and fails as
// much as it can fills neither the host's log nor hides what others do there.
func TestStrangersWriteLittleToTheHostsLog(t *testing.T) {
	var log strings.Builder
	now := time.Unix(1e9, 0)
	h := openHost(t, standard.Options{
		Logger: hclog.New(&hclog.LoggerOptions{Output: &log, Level: hclog.Warn}), Now: func() time.Time { return now },
	})
	manifest := manifestOf("x", "1.0.0", "", "")
	installAll(t, h, "loud", extension(t, manifest, `export default ({log}) => {
		for (let i = 0; i < 1000; i++) { log.warn('loud' + 'x\n\u0001<'[i % 4].repeat(8000)); log.info('not shown') }
		throw new Error('failed' + 'y'.repeat(8000))
	}`))
	installAll(t, h, "quiet", extension(t, manifest, `export default ({log}) => { log.warn('heard'); return 1 }`))
	for range 5 {
		if got := do(t, h, "loud"); !strings.Contains(got, "failed") {
			t.Fatalf("got %.200s, want the handler's error", got)
		}
	}
	if log.Len() < 512<<10 || log.Len() > 3<<19 {
		t.Errorf("5 invocations wrote %d bytes, want about a MiB", log.Len())
	}
	if n := strings.Count(log.String(), "handlers write too much"); n != 1 {
		t.Errorf("the operator is told %d times that lines are left out, want once", n)
	}
	log.Reset()
	do(t, h, "quiet")
	if !strings.Contains(log.String(), "heard") {
		t.Error("another organization's line is left out too")
	}
	log.Reset()
	now = now.Add(time.Minute)
	do(t, h, "loud")
	if text := log.String(); !strings.Contains(text, "loud") || strings.Contains(text, "not shown") {
		t.Errorf("a minute later: got %.300s, want lines again", text)
	}
}

// TestFailuresAreCutBetweenCharacters is that a message too long for a line of the
// log ends in whole characters, wherever the cut falls.
func TestFailuresAreCutBetweenCharacters(t *testing.T) {
	var log strings.Builder
	h := openHost(t, standard.Options{Logger: hclog.New(&hclog.LoggerOptions{Output: &log, Level: hclog.Warn})})
	for _, start := range []string{"", "a", "ab", "abc"} {
		installAll(t, h, "acme", extension(t, manifestOf("x", "1.0.0", "", ""), `export default () => { throw new Error('`+start+`' + '\u{1f600}'.repeat(3000)) }`))
		log.Reset()
		do(t, h, "acme")
		if text := log.String(); !strings.Contains(text, "\U0001f600…") || strings.Contains(text, "\ufffd") {
			t.Errorf("after %q: the message was cut to %.200q", start, text)
		}
	}
}
