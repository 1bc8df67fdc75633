package wasm

// everything is all of the memory that was ever used.
func (p *mapPlace) everything() []byte { return p.region[:p.usable] }
