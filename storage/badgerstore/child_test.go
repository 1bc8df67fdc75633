package badgerstore

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/annexhost/annex/storage"
)

// childVariable names in the environment what a child process of the tests does.
const childVariable = "ANNEX_BADGERSTORE_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childVariable) {
	case "":
		os.Exit(m.Run())
	case "write":
		childWrite(os.Args[1], os.Args[2])
	}
}

// child prepares this program as a child process.
func child(t *testing.T, what string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), childVariable+"="+what)
	return cmd
}

// childWrite writes keys until it is killed, and prints each when it is acknowledged.
func childWrite(dir, prefix string) {
	s, err := Open(Config{Dir: dir})
	if err != nil {
		fmt.Println("open:", err)
		os.Exit(3)
	}
	out := make(chan string, 100)
	go func() {
		w := bufio.NewWriter(os.Stdout)
		for key := range out {
			fmt.Fprintln(w, key)
			if len(out) == 0 {
				w.Flush()
			}
		}
	}()
	for caller := range 4 {
		go func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("%s/%d/%06d", prefix, caller, i)
				value := append([]byte(key), make([]byte, i*977%60_000)...)
				err := s.Update(context.Background(), func(tx storage.Tx) error {
					if err := tx.Put(storage.Key(key), value); err != nil {
						return err
					}
					return tx.Put(storage.Key("again/"+key), value) // both or none
				})
				if err != nil {
					fmt.Println("error:", err)
					os.Exit(5)
				}
				out <- key
			}
		}()
	}
	select {}
}
