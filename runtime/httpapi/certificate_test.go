package httpapi

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// writeCertificate writes a certificate of that number and its key.
func writeCertificate(t *testing.T, dir string, number int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(number), DNSNames: []string{"annex.example"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// A certificate that was renewed is served to the next connections; files that
// do not fit together leave the old one.
func TestCertificateReload(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writeCertificate(t, dir, 1)
	c, err := LoadCertificate(cert, key, nil)
	if err != nil {
		t.Fatal(err)
	}
	address := serve(t, newTestHandler(t, demoHost, nil), func(s *ServerConfig) { s.Certificate = c })
	number := func() int64 {
		t.Helper()
		conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	due := func() { // the next look at the files is due
		c.mu.Lock()
		c.checked = time.Time{}
		c.mu.Unlock()
	}
	if got := number(); got != 1 {
		t.Fatalf("certificate %d, want 1", got)
	}
	writeCertificate(t, dir, 2)
	due()
	if got := number(); got != 2 {
		t.Errorf("after it was renewed: certificate %d, want 2", got)
	}
	if err := os.WriteFile(key, []byte("half a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	due()
	if got := number(); got != 2 {
		t.Errorf("while the key is being written: certificate %d, want 2", got)
	}
	writeCertificate(t, dir, 3)
	due()
	if got := number(); got != 3 {
		t.Errorf("after that: certificate %d, want 3", got)
	}
	if _, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	if _, err := LoadCertificate(cert, filepath.Join(dir, "none"), nil); err == nil {
		t.Error("a key that is not there: no error")
	}
}

// A handshake that does not go on ends in the time that a header has.
func TestSlowHandshake(t *testing.T) {
	dir := t.TempDir()
	writeCertificate(t, dir, 1)
	c, err := LoadCertificate(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), nil)
	if err != nil {
		t.Fatal(err)
	}
	address := serve(t, newTestHandler(t, demoHost, nil), func(s *ServerConfig) {
		patient(s)
		s.Certificate, s.HeaderTimeout = c, 100*time.Millisecond
	})
	for _, start := range []string{"", "\x16\x03\x01\x02\x00"} {
		send(t, address, start) // which must come to its end
	}
}
