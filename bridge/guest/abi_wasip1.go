package guest

import "encoding/binary"

//go:wasmimport extism:host/env alloc
func hostAlloc(n uint64) uint64

//go:wasmimport extism:host/env free
func hostFree(block uint64)

//go:wasmimport extism:host/env length
func hostLength(block uint64) uint64

//go:wasmimport extism:host/env load_u8
func hostLoad8(at uint64) uint32

//go:wasmimport extism:host/env load_u64
func hostLoad64(at uint64) uint64

//go:wasmimport extism:host/env store_u8
func hostStore8(at uint64, v uint32)

//go:wasmimport extism:host/env store_u64
func hostStore64(at, v uint64)

//go:wasmimport extism:host/env input_offset
func hostInputOffset() uint64

//go:wasmimport extism:host/env input_length
func hostInputLength() uint64

//go:wasmimport extism:host/env output_set
func hostOutputSet(block, n uint64)

//go:wasmimport extism:host/env error_set
func hostErrorSet(block uint64)

//go:wasmimport extism:host/user annex_call
func hostCall(method, args uint64) uint64

//go:wasmimport extism:host/user annex_blob
func hostBlob(index uint64) uint64

//go:wasmimport extism:host/user annex_attach
func hostAttach(block uint64) uint64

// write puts bytes into a block of the host's memory.
func write(data []byte) uint64 {
	block := hostAlloc(uint64(len(data)))
	if block == 0 {
		return 0
	}
	at := block
	for ; len(data) >= 8; data, at = data[8:], at+8 {
		hostStore64(at, binary.LittleEndian.Uint64(data))
	}
	for ; len(data) > 0; data, at = data[1:], at+1 {
		hostStore8(at, uint32(data[0]))
	}
	return block
}

// read copies bytes out of the host's memory.
func read(at, n uint64) []byte {
	data := make([]byte, n)
	rest := data
	for ; len(rest) >= 8; rest, at = rest[8:], at+8 {
		binary.LittleEndian.PutUint64(rest, hostLoad64(at))
	}
	for ; len(rest) > 0; rest, at = rest[1:], at+1 {
		rest[0] = byte(hostLoad8(at))
	}
	return data
}

func readInput() []byte { return read(hostInputOffset(), hostInputLength()) }

func writeOutput(data []byte) { hostOutputSet(write(data), uint64(len(data))) }

func writeError(data []byte) { hostErrorSet(write(data)) }

func call(method string, args []byte) []byte {
	m, a := write([]byte(method)), write(args)
	r := hostCall(m, a)
	hostFree(a)
	hostFree(m)
	answer := read(r, hostLength(r))
	hostFree(r)
	return answer
}

func blob(index int) []byte {
	block := hostBlob(uint64(index))
	if block == 0 {
		return nil
	}
	data := read(block, hostLength(block))
	hostFree(block)
	return data
}

func attachBytes(data []byte) int {
	block := write(data)
	index := hostAttach(block)
	hostFree(block)
	return int(index)
}
