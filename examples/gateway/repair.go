package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// terminatePartialLine writes a newline if standard output is a file that does not end
// with one. A killed gateway may have left a part of a line there. The next event would
// be appended to that part, and readers of the lines would lose it.
func terminatePartialLine(stdout io.Writer) error {
	f, ok := stdout.(*os.File)
	if !ok {
		return nil
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 || endsWithNewline(f, info.Size()) {
		return nil
	}
	if _, err := f.Write([]byte("\n")); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	return nil
}

// endsWithNewline reports whether the last of the size bytes of f is a newline. If it
// cannot be read, endsWithNewline reports false: an empty line does less harm.
func endsWithNewline(f *os.File, size int64) bool {
	var last [1]byte
	if _, err := f.ReadAt(last[:], size-1); err == nil {
		return last[0] == '\n'
	}
	// A shell opens the file for writing only. Linux can open it again for reading.
	r, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
	if err != nil {
		return false
	}
	defer r.Close()
	_, err = r.ReadAt(last[:], size-1)
	return (err == nil || errors.Is(err, io.EOF)) && last[0] == '\n'
}
