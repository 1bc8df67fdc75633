package storage

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestEnvelopeRoundTrip(t *testing.T) {
	for _, e := range []entry{
		{present: true, value: []byte{}},
		{present: true, value: []byte("x")},
		{present: true, value: []byte{}, expires: 1},
		{present: true, value: bytes.Repeat([]byte{0, 255}, 1000), expires: 1 << 60},
	} {
		sealed := e.seal()
		if len(sealed) > len(e.value)+maxEnvelope {
			t.Errorf("the envelope of %d bytes has %d", len(e.value), len(sealed))
		}
		got, err := openEnvelope(sealed)
		if err != nil || !got.present || !bytes.Equal(got.value, e.value) || got.expires != e.expires || got.value == nil {
			t.Errorf("got %+v, %v, want %+v", got, err, e)
		}
	}
}

func TestIndexOrdersByTime(t *testing.T) {
	var keys []Key
	want := []indexed{
		{1, "z/", "z"}, {255, "a/", "a"}, {256, "a/", ""}, {256, "a/", "b"}, {256, "bb/", "a"}, {1 << 40, "", "a"}, {1 << 40, "a/", "k/x/u"},
	}
	for _, i := range want {
		keys = append(keys, i.owner.index(i.at, i.key))
	}
	if !slices.IsSorted(keys) {
		t.Errorf("not in order: %q", keys)
	}
	for n, key := range keys {
		if got, err := parseIndex(key); err != nil || got != want[n] {
			t.Errorf("got %+v, %v, want %+v", got, err, want[n])
		}
	}
}

func TestKeysThatAreTooLong(t *testing.T) {
	o := ownerKey("ext/org/publisher.name/")
	longest := strings.Repeat("k", MaxKey-indexFixed-len(o))
	for _, key := range []Key{o.value(longest), o.expiry(longest), o.usage(), o.index(1, longest)} {
		if len(key) > MaxKey {
			t.Errorf("key of %d bytes", len(key))
		}
	}
	if err := o.checkKey(longest); err != nil {
		t.Errorf("the longest key: %v", err)
	}
	if err := o.checkKey(longest + "k"); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a longer key: got error %v, want %v", err, ErrTooLarge)
	}
	if err := o.checkKey(""); !errors.Is(err, ErrInvalid) {
		t.Errorf("an empty key: got error %v, want %v", err, ErrInvalid)
	}
}

func TestExpiry(t *testing.T) {
	now := time.UnixMilli(10_000)
	for _, test := range []struct {
		rule string
		d    time.Duration
		at   time.Time
		want bool
	}{
		{"never", 0, now.Add(1 << 60), false},
		{"before", time.Second, now.Add(999 * time.Millisecond), false},
		{"at the time", time.Second, now.Add(time.Second), true},
		{"after", time.Second, now.Add(time.Hour), true},
		{"less than the clock can tell", time.Nanosecond, now.Add(time.Millisecond), true},
	} {
		if got := expiryAfter(now, test.d).passed(test.at); got != test.want {
			t.Errorf("%s: got %t, want %t", test.rule, got, test.want)
		}
	}
	if expiryAfter(time.Unix(-1000, 0), time.Second) == 0 {
		t.Error("a clock before 1970 makes a key last for ever")
	}
}

// FuzzLayout: what is read back from the store is taken apart without a panic,
// and only what was put together is taken to be right.
func FuzzLayout(f *testing.F) {
	f.Add([]byte(ownerKey("ext/a/b/").index(77, "key")))
	f.Add(entry{present: true, value: []byte("v"), expires: 5}.seal())
	f.Add([]byte("exp/\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if i, err := parseIndex(Key(b)); err == nil && i.owner.index(i.at, i.key) != Key(b) {
			t.Errorf("%q is taken for %+v", b, i)
		}
		if e, err := openEnvelope(b); err == nil && !bytes.Equal(e.seal(), b) {
			t.Errorf("%q is taken for %+v", b, e)
		}
		if at, err := decodeExpiry(b); err == nil && at <= 0 {
			t.Errorf("%q is taken for the expiry %d", b, at)
		}
	})
}
