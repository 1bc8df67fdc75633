package js

import "github.com/go-sourcemap/sourcemap"

func readSourceMap(data []byte, max int) (*sourcemap.Consumer, error) { return nil, nil }
