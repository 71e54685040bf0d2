package main

import (
	"errors"
	"io"
	"os"
)

// Who keeps what is written to standard output.
const (
	somebody = iota
	nullDevice
	nobody
)

// keptBy tells nullDevice if stdout was directed there, and nobody if it was
// closed, as by a service manager. Then Go opens the null device in its place,
// and each event would be written without an error, and lost.
func keptBy(stdout io.Writer) int {
	f, ok := stdout.(*os.File)
	if !ok {
		return somebody
	}
	info, err := f.Stat()
	if err != nil {
		return somebody // writing tells
	}
	null, err := os.Stat(os.DevNull)
	if err != nil || !os.SameFile(info, null) {
		return somebody
	}
	// Go opens it for reading as well, and a shell does not.
	if _, err := f.Read(make([]byte, 1)); errors.Is(err, io.EOF) {
		return nobody
	}
	return nullDevice
}
