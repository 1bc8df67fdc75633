//go:build race

package worker

// raceDetector says that the memory of this program is not what it would be:
// the race detector maps a terabyte for itself, which no limit of data allows.
const raceDetector = true
