//go:build !race

package main

// raceDetector says that the scripts run under the race detector.
const raceDetector = false
