package lines

import (
	"errors"
	"fmt"
	"io"
	"os"
)

var (
	// ErrClosed is returned by [Prepare] for a standard output that was closed before the
	// program started.
	ErrClosed = errors.New("lines: the output is closed")

	// ErrNullDevice is returned by [Prepare] for the null device. Lines written to it are
	// lost.
	ErrNullDevice = errors.New("lines: the output is the null device")
)

// Prepare checks and prepares a file, such as [os.Stdout], for a [Writer]. Call it once,
// before the first line.
//
// It returns [ErrClosed] for a closed standard output: Go then opens the null device in
// its place, where every line would be written without an error, and lost. It returns
// [ErrNullDevice] if the file was redirected to that device, which somebody may want.
//
// In a regular file Prepare terminates a partial line, which a killed program may have
// left. On Linux, macOS and most BSDs it also sets O_APPEND, as a shell's >> does: when
// another program copies and truncates the file, lines go on at its new end, without NUL
// bytes before them. The flag is set for every process that has inherited the open file.
func Prepare(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("lines: %w", err)
	}
	if null, err := os.Stat(os.DevNull); err == nil && os.SameFile(info, null) {
		// Go opens it for reading as well, a shell does not.
		if _, err := f.Read(make([]byte, 1)); errors.Is(err, io.EOF) {
			return ErrClosed
		}
		return ErrNullDevice
	}
	if _, err := f.Write(nil); err != nil { // such as a file that was opened for reading
		return fmt.Errorf("lines: cannot write to the output: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil
	}
	if err := setAppend(f); err != nil {
		return fmt.Errorf("lines: cannot append to the output: %w", err)
	}
	return terminatePartialLine(f, info.Size())
}

// terminatePartialLine writes a newline if f does not end with one. The next line would
// be appended to the partial one, and readers would lose it.
func terminatePartialLine(f *os.File, size int64) error {
	if size == 0 || endsWithNewline(f, size) {
		return nil
	}
	if _, err := f.Write([]byte("\n")); err != nil {
		return fmt.Errorf("lines: %w", err)
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
	return err == nil && last[0] == '\n'
}
