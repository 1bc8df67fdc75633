package wasm

// Arena is where snapshots are kept.
type Arena struct{}

// image is a snapshot that can be mapped.
type image struct{}

func newImage([]byte, *Arena) *image { return nil }

func newPlace(uint64) place { return &heapPlace{} }
