package bridge

import "encoding/json"

// configKey is the storage key under which an extension finds its configuration
// as long as it has not written that key itself.
const configKey = "config"

// configured returns the configuration of the extension where storage has no
// value for key, and nil where that is not the configuration's key either.
func (s *Session) configured(key string) json.RawMessage {
	if key != configKey {
		return nil
	}
	return s.c.Config
}
