//go:build !linux && !darwin

package jail

import "errors"

func limit(Inside) error { return errors.New(notHere) }

func limitsDetail(Inside) string { return "" }
