// Package smallfile reads files that are small and readable at once, such as those of
// secrets and certificates.
package smallfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
)

const (
	maxSize = 1 << 20 // bytes
	timeout = 10 * time.Second
)

var (
	errSize    = fmt.Errorf("it has more than %d bytes", maxSize)
	errTimeout = errors.New("it does not end")
)

// ReadFile returns the content of a file. It refuses more than 1 MiB, such as an endless
// device, and what has not ended after 10 seconds, such as a pipe that nobody writes to.
// It leaves nothing behind then.
//
// The error does not hold the path, which is a secret if somebody passed the content
// instead.
func ReadFile(path string) ([]byte, error) { return readFileWithin(timeout, path) }

func readFileWithin(timeout time.Duration, path string) ([]byte, error) {
	content, err := read(path, time.Now().Add(timeout))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errTimeout
	} else if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the file: %w", err)
	}
	return content, nil
}

func read(path string, deadline time.Time) ([]byte, error) {
	// With O_NONBLOCK, opening a pipe does not wait for its writer, and reading from it
	// has a deadline.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	_ = f.SetReadDeadline(deadline) // fails for what never blocks
	var content []byte
	for {
		more, err := io.ReadAll(io.LimitReader(f, int64(maxSize+1-len(content))))
		content = append(content, more...)
		if len(content) > maxSize {
			return nil, errSize
		}
		noWriter := err == nil && len(content) == 0 && info.Mode().Type() == fs.ModeNamedPipe
		if !noWriter && !errors.Is(err, syscall.EAGAIN) { // macOS has no deadline for pipes
			return content, err
		}
		if time.Now().After(deadline) {
			return nil, errTimeout
		}
		time.Sleep(10 * time.Millisecond)
	}
}
