package storagetest

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/annexhost/annex/storage"
)

// The anomalies are made without timing: in its first run the function of one
// Update, having read, waits for a whole other Update, and then writes. A store
// must find that out in whatever way and run the first function again; what is
// checked is the outcome.

// interleave runs an Update in two halves, and between them, the first time only,
// other in an Update of its own, and some that have nothing to do with either.
func interleave(t *testing.T, s *subject, read func(tx storage.Tx) error, other, write func(tx storage.Tx) error) {
	t.Helper()
	runs := 0
	s.update(t, func(tx storage.Tx) error {
		runs++
		if err := read(tx); err != nil {
			return err
		}
		if runs == 1 {
			s.update(t, other)
			s.put(t, "elsewhere", "1")
			s.put(t, "elsewhere", "2")
		}
		return write(tx)
	})
}

// add returns a function that adds n to the number at key.
func add(key storage.Key, n int) func(tx storage.Tx) error {
	return func(tx storage.Tx) error {
		old, err := number(tx, key)
		if err != nil {
			return err
		}
		return tx.Put(key, []byte(strconv.Itoa(old+n)))
	}
}

// number returns the number at key, 0 when there is none.
func number(r storage.Reader, key storage.Key) (int, error) {
	value, err := r.Get(context.Background(), key)
	if errors.Is(err, storage.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(value))
}

// count returns how many keys there are under prefix.
func count(r storage.Reader, prefix storage.Key) (int, error) {
	keys, err := r.Keys(context.Background(), prefix, "", 100)
	return len(keys), err
}

// insertUnless returns the two halves of an Update that puts key unless there
// are limit keys under prefix already.
func insertUnless(limit int, prefix, key storage.Key) (read, write func(tx storage.Tx) error) {
	var n int
	read = func(tx storage.Tx) (err error) { n, err = count(tx, prefix); return err }
	write = func(tx storage.Tx) error {
		if n >= limit {
			return nil
		}
		return tx.Put(key, []byte("x"))
	}
	return read, write
}

// both joins the two halves of an Update.
func both(read, write func(tx storage.Tx) error) func(tx storage.Tx) error {
	return func(tx storage.Tx) error {
		if err := read(tx); err != nil {
			return err
		}
		return write(tx)
	}
}

var isolationRules = []rule{
	{"lost update", "of two that add to a number, neither is lost", func(t *testing.T, s *subject) {
		s.put(t, "n", "10")
		var n int
		interleave(t, s,
			func(tx storage.Tx) (err error) { n, err = number(tx, "n"); return err },
			add("n", 1),
			func(tx storage.Tx) error { return tx.Put("n", []byte(strconv.Itoa(n+100))) })
		want(t, s, "n", "111")
	}},
	{"lost creation", "of two that create an absent key, one sees the other", func(t *testing.T, s *subject) {
		var n int
		interleave(t, s,
			func(tx storage.Tx) (err error) { n, err = number(tx, "n"); return err },
			add("n", 1),
			func(tx storage.Tx) error { return tx.Put("n", []byte(strconv.Itoa(n+100))) })
		want(t, s, "n", "101")
	}},
	{"lost deletion", "of two that move the same value away, one finds it gone", func(t *testing.T, s *subject) {
		s.put(t, "from", "5")
		var n int
		move := func(to storage.Key) (read, write func(tx storage.Tx) error) {
			return func(tx storage.Tx) (err error) { n, err = number(tx, "from"); return err },
				func(tx storage.Tx) error {
					return errors.Join(tx.Delete("from"), tx.Put(to, []byte(strconv.Itoa(n))))
				}
		}
		read, write := move("first")
		otherRead, otherWrite := move("second")
		interleave(t, s, read, func(tx storage.Tx) error {
			defer func(old int) { n = old }(n)
			return both(otherRead, otherWrite)(tx)
		}, write)
		want(t, s, "second", "5")
		want(t, s, "first", "0")
	}},
	{"write skew", "of two that each read what the other writes, one sees the other", func(t *testing.T, s *subject) {
		// At least one of two shall stay on duty; each leaves when the other is there.
		s.put(t, "alice", "1", "bob", "1")
		leave := func(who, other storage.Key) (read, write func(tx storage.Tx) error) {
			var n int
			return func(tx storage.Tx) (err error) { n, err = number(tx, other); return err },
				func(tx storage.Tx) error {
					if n == 0 {
						return nil
					}
					return tx.Put(who, []byte("0"))
				}
		}
		read, write := leave("alice", "bob")
		interleave(t, s, read, both(leave("bob", "alice")), write)
		want(t, s, "alice", "1")
		want(t, s, "bob", "0")
	}},
	{"phantom", "of two that insert into a scanned range unless it is full, one sees the other", func(t *testing.T, s *subject) {
		read, write := insertUnless(1, "p/", "p/2")
		interleave(t, s, read, both(insertUnless(1, "p/", "p/1")), write)
		wantKeys(t, s, "p/", "", 10, "p/1")
	}},
	{"phantom between", "a key that appears between scanned keys counts as read", func(t *testing.T, s *subject) {
		s.put(t, "p/1", "x", "p/9", "x")
		read, write := insertUnless(3, "p/", "p/8")
		interleave(t, s, read, both(insertUnless(3, "p/", "p/5")), write)
		wantKeys(t, s, "p/", "", 10, "p/1", "p/5", "p/9")
	}},
	{"phantom removal", "a key that disappears from a scanned range counts as read", func(t *testing.T, s *subject) {
		// At least one key shall stay under the prefix.
		s.put(t, "p/1", "x", "p/2", "x")
		drop := func(key storage.Key) (read, write func(tx storage.Tx) error) {
			var n int
			return func(tx storage.Tx) (err error) { n, err = count(tx, "p/"); return err },
				func(tx storage.Tx) error {
					if n < 2 {
						return nil
					}
					return tx.Delete(key)
				}
		}
		read, write := drop("p/1")
		interleave(t, s, read, both(drop("p/2")), write)
		wantKeys(t, s, "p/", "", 10, "p/1")
	}},
	{"phantom in a page", "a key that appears within the page of a limited scan counts as read", func(t *testing.T, s *subject) {
		// Each takes the smallest number after the last one taken in order.
		s.put(t, "p/1", "x", "p/5", "x")
		var first []storage.Key
		take := func(mark storage.Key) (read, write func(tx storage.Tx) error) {
			return func(tx storage.Tx) (err error) {
					first, err = tx.Keys(context.Background(), "p/", "p/1", 1)
					return err
				}, func(tx storage.Tx) error {
					return errors.Join(tx.Put(mark, []byte(first[0])), tx.Put("p/3", []byte("x")))
				}
		}
		read, write := take("mark/1")
		otherRead, otherWrite := take("mark/2")
		interleave(t, s, read, func(tx storage.Tx) error {
			defer func(old []storage.Key) { first = old }(first)
			return both(otherRead, otherWrite)(tx)
		}, write)
		want(t, s, "mark/2", "p/5")
		want(t, s, "mark/1", "p/3")
	}},
	{"one state", "all that a transaction reads before it commits is of one state", func(t *testing.T, s *subject) {
		s.put(t, "a", "1", "b", "1")
		var a, b string
		interleave(t, s,
			func(tx storage.Tx) error { a = text(t, tx, "a"); return nil },
			func(tx storage.Tx) error { return errors.Join(tx.Put("a", []byte("2")), tx.Put("b", []byte("2"))) },
			func(tx storage.Tx) error {
				pairs, err := tx.Scan(context.Background(), "b", "", 1)
				if err != nil {
					return err
				}
				b = string(pairs[0].Value)
				return tx.Put("c", []byte(a+b))
			})
		if a != b {
			t.Errorf("one transaction read a=%s, then b=%s, which were never at the same time", a, b)
		}
	}},
	{"read your writes", "what was acknowledged is read by whoever comes afterwards", func(t *testing.T, s *subject) {
		for i := range 50 {
			n := strconv.Itoa(i)
			s.put(t, "n", n)
			want(t, s, "n", n)
			s.update(t, func(tx storage.Tx) error { want(t, tx, "n", n); return nil })
		}
	}},
}
