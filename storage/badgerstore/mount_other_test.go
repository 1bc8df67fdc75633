//go:build !linux

package badgerstore

import "errors"

func mountTmpfs(string, int) (unmount func() error, err error) {
	return nil, errors.New("not written for this system")
}
