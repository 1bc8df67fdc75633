package js

import (
	"bufio"
	"crypto/rand"
	"encoding/binary"
	"io"
	"time"
)

// clock is what a realm sees of time and chance. While a module is loaded ahead
// of a request it is the host's own; the request brings another.
type clock struct {
	time  func() time.Time
	bytes io.Reader
	start time.Time // the zero of performance.now
}

// set makes the clock follow an invocation.
func (c *clock) set(now func() time.Time, random io.Reader) {
	c.time, c.bytes, c.start = now, nil, time.Time{}
	if random != nil {
		c.bytes = random
	}
}

func (c *clock) now() time.Time {
	if c.time == nil {
		return time.Now()
	}
	return c.time()
}

// sinceStart is how long ago the realm began to count.
func (c *clock) sinceStart() time.Duration {
	now := c.now()
	if c.start.IsZero() {
		c.start = now
	}
	return now.Sub(c.start)
}

// random is a number from 0 up to 1, with 53 bits.
func (c *clock) random() float64 {
	var b [8]byte
	c.read(b[:])
	return float64(binary.LittleEndian.Uint64(b[:])>>11) / (1 << 53)
}

// read fills b with random bytes.
func (c *clock) read(b []byte) {
	if c.bytes == nil {
		c.bytes = bufio.NewReaderSize(rand.Reader, 256)
	}
	if _, err := io.ReadFull(c.bytes, b); err != nil {
		panic("js: the source of randomness failed: " + err.Error())
	}
}
