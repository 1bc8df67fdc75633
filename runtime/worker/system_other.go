//go:build !unix

package worker

import (
	"errors"
	"os"
	"time"
)

// errNoWorkers is why [New] fails here: a lane is handed to a process
// which runs already, and this system has no such thing.
var errNoWorkers = errors.New("this system cannot hand descriptors to workers")

func controlPair() (host, child *os.File, err error) { return nil, nil, errNoWorkers }

type laneEnds struct{}

func (laneEnds) close() {}

func lanePair() (host file, child laneEnds, err error) { return file{}, laneEnds{}, errNoWorkers }

func pipe() (host, child *os.File, err error) { return nil, nil, errNoWorkers }

func writeNow(*os.File, []byte, *laneEnds) error { return errNoWorkers }

func isSocket(int) bool { return false }

// file and controlSocket are never made here: no process is a worker.
type file struct{}

func (*file) Read([]byte) (int, error)  { return 0, errNoWorkers }
func (*file) Write([]byte) (int, error) { return 0, errNoWorkers }
func (*file) close()                    {}

type controlSocket struct{ file }

func newControlSocket() controlSocket { return controlSocket{} }

func (*controlSocket) takeFile() (file, bool) { return file{}, false }

func threadID() int64 { return 0 }

func ownProgram() (string, error) { return os.Executable() }

func (p *process) cpu() time.Duration { return 0 }

func (p *process) threadCPU(int64) (time.Duration, bool) { return 0, false }

func (p *process) residentMemory() int64 { return 0 }

func (p *process) hostThread(int64) int64 { return 0 }
