package httpapi

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

// Certificate is a certificate and its key in files, read again when they
// change. Files that do not fit together, as between the writing of one and the
// other, leave the certificate as it was.
type Certificate struct {
	certFile, keyFile string
	log               hclog.Logger

	mu      sync.Mutex
	pair    *tls.Certificate
	read    [2]stamp  // of the files that pair was read from, or that were no pair
	checked time.Time // when the files were looked at last
}

// stamp tells whether a file has changed.
type stamp struct {
	size int64
	mod  time.Time
}

// checkEvery is how long a new certificate may wait to be noticed.
const checkEvery = time.Second

// LoadCertificate reads PEM files, or says what is wrong with them. A nil log
// is none.
func LoadCertificate(certFile, keyFile string, log hclog.Logger) (*Certificate, error) {
	if log == nil {
		log = hclog.NewNullLogger()
	}
	c := &Certificate{certFile: certFile, keyFile: keyFile, log: log}
	now, err := c.stamps()
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	if err := c.load(now); err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	c.checked = time.Now()
	return c, nil
}

func (c *Certificate) stamps() (now [2]stamp, err error) {
	for i, name := range []string{c.certFile, c.keyFile} {
		info, err := os.Stat(name)
		if err != nil {
			return now, err
		}
		now[i] = stamp{info.Size(), info.ModTime()}
	}
	return now, nil
}

func (c *Certificate) load(now [2]stamp) error {
	c.read = now
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.pair = &pair
	return nil
}

// get is tls.Config.GetCertificate.
func (c *Certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.checked) >= checkEvery {
		c.checked = now
		c.refresh()
	}
	return c.pair, nil
}

// refresh reads the files again if they have changed. The caller holds mu.
func (c *Certificate) refresh() {
	now, err := c.stamps()
	if err == nil && now != c.read {
		if err = c.load(now); err == nil {
			c.log.Info("a new certificate is in use", "file", c.certFile)
		}
	}
	if err != nil {
		c.log.Error("the certificate stays the old one", "file", c.certFile, "error", err)
	}
}

// Config is a configuration for a server: TLS 1.2 or later, HTTP/1.1.
func (c *Certificate) Config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get, NextProtos: []string{"http/1.1"}}
}
