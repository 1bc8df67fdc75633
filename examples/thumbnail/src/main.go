//go:build wasip1

// Command src is the handler of the example thumbnail: work for the CPU.
package main

import (
	"bytes"
	"image"
	"image/color"
	_ "image/jpeg" // images of that kind are understood
	"image/png"
	"strconv"

	"github.com/annexhost/annex/bridge/guest"
)

// The sizes that are accepted, in pixels.
const (
	maxWidth  = 512
	maxPixels = 4 << 20
)

//go:wasmexport scale
func scale() int32 { return guest.Handle(handle) }

func handle(api *guest.API) (any, error) {
	width, err := strconv.Atoi(api.Request.Params["width"])
	if err != nil || width < 1 || width > maxWidth {
		return guest.Fail("the width is 1 to 512 pixels", 400), nil
	}
	// The size is looked at before anything is decoded.
	config, _, err := image.DecodeConfig(bytes.NewReader(api.Request.RawBody))
	if err != nil || config.Width < 1 || config.Height < 1 || config.Width*config.Height > maxPixels {
		return guest.Fail("send a PNG or JPEG of up to 4 million pixels", 400), nil
	}
	source, _, err := image.Decode(bytes.NewReader(api.Request.RawBody))
	if err != nil {
		return guest.Fail("the image is damaged", 400), nil
	}
	var out bytes.Buffer
	if err := png.Encode(&out, shrink(source, width)); err != nil {
		return nil, err
	}
	return guest.Response{Status: 200, Headers: [][2]string{{"content-type", "image/png"}}, Body: out.Bytes()}, nil
}

// shrink scales an image to a width: each new pixel is the mean of those that it
// stands for.
func shrink(source image.Image, width int) image.Image {
	b := source.Bounds()
	height := max(1, b.Dy()*width/b.Dx())
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		top, bottom := span(y, height, b.Dy())
		for x := range width {
			left, right := span(x, width, b.Dx())
			var sum [4]uint64
			for sy := top; sy < bottom; sy++ {
				for sx := left; sx < right; sx++ {
					r, g, b, a := source.At(b.Min.X+sx, b.Min.Y+sy).RGBA()
					sum[0], sum[1], sum[2], sum[3] = sum[0]+uint64(r), sum[1]+uint64(g), sum[2]+uint64(b), sum[3]+uint64(a)
				}
			}
			n := uint64((bottom - top) * (right - left))
			out.Set(x, y, color.RGBA64{uint16(sum[0] / n), uint16(sum[1] / n), uint16(sum[2] / n), uint16(sum[3] / n)})
		}
	}
	return out
}

// span is the pixels of the source for pixel i of n.
func span(i, n, source int) (from, to int) {
	from, to = i*source/n, (i+1)*source/n
	return from, max(to, from+1)
}

func main() {}
