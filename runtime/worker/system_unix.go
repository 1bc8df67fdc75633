//go:build unix && !linux

package worker

import (
	"os"
	"time"
)

// recvFlags: there are none here.
const recvFlags = 0

// threadID is 0: threads have no number here that a program can ask for.
func threadID() int64 { return 0 }

func ownProgram() (string, error) { return os.Executable() }

// cpu is 0: the time of another process is not known here.
func (p *process) cpu() time.Duration { return 0 }

func (p *process) threadCPU(int64) (time.Duration, bool) { return 0, false }

// residentMemory is 0: the memory of another process is not known here.
func (p *process) residentMemory() int64 { return 0 }

func (p *process) hostThread(number int64) int64 { return number }
