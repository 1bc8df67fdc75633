package audit

import (
	"encoding/hex"
	"encoding/json"
)

// hexBytes is bytes that are hexadecimal in JSON.
type hexBytes []byte

// String returns the hexadecimal text.
func (b hexBytes) String() string { return hex.EncodeToString(b) }

// MarshalJSON implements json.Marshaler.
func (b hexBytes) MarshalJSON() ([]byte, error) { return json.Marshal(hex.EncodeToString(b)) }

// UnmarshalJSON implements json.Unmarshaler.
func (b *hexBytes) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	raw, err := hex.DecodeString(text)
	*b = raw
	return err
}
