package badgerstore

import (
	"fmt"
	"strings"

	"github.com/hashicorp/go-hclog"
)

// badgerLogger gives Badger's lines to hclog, one level lower than it wants:
// what it calls information is of interest only to who looks into Badger.
type badgerLogger struct{ log hclog.Logger }

func (l badgerLogger) Errorf(format string, args ...any) { l.log.Error(line(format, args)) }

func (l badgerLogger) Warningf(format string, args ...any) { l.log.Warn(line(format, args)) }

func (l badgerLogger) Infof(format string, args ...any) {
	if l.log.IsDebug() {
		l.log.Debug(line(format, args))
	}
}

func (l badgerLogger) Debugf(format string, args ...any) {
	if l.log.IsTrace() {
		l.log.Trace(line(format, args))
	}
}

func line(format string, args []any) string {
	return strings.TrimSpace(fmt.Sprintf(format, args...))
}
