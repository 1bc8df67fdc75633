package badgerstore

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/storage"
)

var long = flag.Bool("long", false, "run the long versions of the tests")

// TestKilledWriter kills a process that writes, again and again in the same
// directory, and looks for every key that it has acknowledged.
func TestKilledWriter(t *testing.T) {
	rounds := 24
	if *long {
		rounds = 500
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	var acknowledged []string
	for round := range rounds {
		keys, err := writeUntilKilled(t, dir, fmt.Sprintf("r%03d", round), time.Duration(random.IntN(150))*time.Millisecond)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		acknowledged = append(acknowledged, keys...)
		if round%6 == 5 || round == rounds-1 { // otherwise the next child recovers
			checkAcknowledged(t, dir, acknowledged)
		}
	}
	t.Logf("%d keys were acknowledged in %d rounds", len(acknowledged), rounds)
	if len(acknowledged) < rounds {
		t.Errorf("only %d keys in %d rounds: the test has not tested much", len(acknowledged), rounds)
	}
}

// writeUntilKilled runs a writing child, kills it some time after it has
// acknowledged its first key, and returns the keys that it has acknowledged.
func writeUntilKilled(t *testing.T, dir, prefix string, after time.Duration) ([]string, error) {
	t.Helper()
	cmd := child(t, "write", dir, prefix)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	var keys []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		key := lines.Text()
		if !strings.HasPrefix(key, prefix+"/") {
			_ = cmd.Process.Kill()
			return nil, fmt.Errorf("the child said %q", key)
		}
		if keys = append(keys, key); len(keys) == 1 {
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Exited() {
		return nil, fmt.Errorf("the child was not killed, but ended: %v\n%.2000s", err, said.String())
	}
	return keys, nil
}

func checkAcknowledged(t *testing.T, dir string, keys []string) {
	t.Helper()
	s := mustOpen(t, Config{Dir: dir})
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, key := range keys {
		value, err := s.Get(context.Background(), storage.Key(key))
		if err != nil || !strings.HasPrefix(string(value), key) {
			t.Fatalf("%s was acknowledged, and is now %d bytes (error %v)", key, len(value), err)
		}
	}
	// What was not acknowledged is there as a whole or not at all.
	first, err := s.Keys(context.Background(), "r", "", 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.Keys(context.Background(), "again/", "", 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if len(first) != len(second) || len(first) < len(keys) {
		t.Errorf("%d keys, %d second halves of their writes, %d acknowledged", len(first), len(second), len(keys))
	}
}
