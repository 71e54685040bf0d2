package main

import (
	"errors"
	"io"
	"os"
)

// A stdoutKind says what standard output is.
type stdoutKind int

const (
	usable stdoutKind = iota
	nullDevice
	closed
)

// kindOf tells a closed standard output from one that was redirected to the null
// device. A service manager may close it. Go then opens the null device in its place,
// where every event would be written without an error, and lost.
func kindOf(stdout io.Writer) stdoutKind {
	f, ok := stdout.(*os.File)
	if !ok {
		return usable
	}
	info, err := f.Stat()
	if err != nil {
		return usable // writing will tell
	}
	null, err := os.Stat(os.DevNull)
	if err != nil || !os.SameFile(info, null) {
		return usable
	}
	// Go opens it for reading as well, a shell does not.
	if _, err := f.Read(make([]byte, 1)); errors.Is(err, io.EOF) {
		return closed
	}
	return nullDevice
}
