package secrets

import "fmt"

// A wrapped key is a format byte, the id of the master key, and the ciphertext
// of 32 bytes: always wrappedSize bytes.
const (
	wrapFormat  = 1
	wrapHeader  = 1 + len(keyID{})
	wrappedSize = wrapHeader + keySize + overhead
)

// wrap seals a data key or the root under the current master key.
func (k MasterKey) wrap(secret []byte, b binding) ([]byte, error) {
	current := k.entries()[0].sealing
	sealed, err := current.seal(secret, b)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, wrappedSize)
	out = append(out, wrapFormat)
	out = append(out, current.id[:]...)
	return append(out, sealed...), nil
}

// unwrap is the inverse of wrap. A blob under a master key that k does not hold
// is ErrWrongKey, anything else that does not open ErrTampered.
func (k MasterKey) unwrap(blob []byte, b binding) ([]byte, error) {
	id, sealed, err := splitWrapped(blob)
	if err != nil {
		return nil, err
	}
	master, ok := k.find(id)
	if !ok {
		return nil, fmt.Errorf("%w: the data is sealed under master key %s, the one given is %s; "+
			"start with the key that this data was made with (nothing was changed)", ErrWrongKey, id, k.ID())
	}
	return master.open(sealed, b)
}

// isCurrent reports whether blob is wrapped under k's current key.
func (k MasterKey) isCurrent(blob []byte) bool {
	id, _, err := splitWrapped(blob)
	return err == nil && id == k.entries()[0].sealing.id
}

func splitWrapped(blob []byte) (id keyID, sealed []byte, err error) {
	if len(blob) != wrappedSize || blob[0] != wrapFormat {
		return id, nil, fmt.Errorf("%w: a wrapped key of %d bytes has an unknown format", ErrTampered, len(blob))
	}
	return keyID(blob[1:wrapHeader]), blob[wrapHeader:], nil
}
