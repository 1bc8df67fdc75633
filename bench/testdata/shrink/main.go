//go:build wasip1

// Command shrink is a guest that does work for the CPU.
package main

import "github.com/annexhost/annex/bridge/guest"

//go:wasmexport shrink
func shrink() int32 {
	return guest.Handle(func(*guest.API) (any, error) { return work(), nil })
}

// span is the pixels of the source for pixel i of n.
func span(i, n, all int) (from, to int) {
	from = i * all / n
	return from, max((i+1)*all/n, from+1)
}

// work is what shrinkScript does.
func work() uint32 {
	const width, height, small = 480, 320, 96
	source := make([]byte, width*height*4)
	seed := uint32(1)
	for i := range source {
		seed = seed*1103515245 + 12345
		source[i] = byte(seed >> 24)
	}
	const rows = height * small / width
	var check uint32
	for y := range rows {
		top, bottom := span(y, rows, height)
		for x := range small {
			left, right := span(x, small, width)
			var sum [4]uint32
			for sy := top; sy < bottom; sy++ {
				for sx := left; sx < right; sx++ {
					for c, v := range source[(sy*width+sx)*4:][:4] {
						sum[c] += uint32(v)
					}
				}
			}
			n := uint32((bottom - top) * (right - left))
			for _, s := range sum {
				check = check*31 + s/n
			}
		}
	}
	return check
}

func main() {}
