package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// endHalfLine ends the line that a gateway which was killed may have left at the
// end of the file that standard output is. Else the next line would be glued to
// it, and an event be lost to whoever reads the lines. It does nothing if standard
// output is no file.
func endHalfLine(stdout io.Writer) error {
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

// endsWithNewline reports whether the last of size bytes of f is a newline. If it
// cannot be read it is taken for none: an empty line does less harm.
func endsWithNewline(f *os.File, size int64) bool {
	var last [1]byte
	if _, err := f.ReadAt(last[:], size-1); err == nil {
		return last[0] == '\n'
	}
	// It is open for writing only, as the shell does it. Linux opens it again.
	r, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
	if err != nil {
		return false
	}
	defer r.Close()
	_, err = r.ReadAt(last[:], size-1)
	return (err == nil || errors.Is(err, io.EOF)) && last[0] == '\n'
}
