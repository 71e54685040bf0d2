package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// What is configured is small and there, or it is something else: a device
// without end, or a pipe that nobody writes to.
const (
	maxFile     = 1 << 20 // bytes
	fileTimeout = 10 * time.Second
)

var (
	errFileSize    = fmt.Errorf("it has more than %d bytes", maxFile)
	errFileTimeout = errors.New("it does not end")
)

// readFile returns what a file has. Its error is without the path: that is a
// secret if the content was put into the variable that should have the path.
func readFile(path string) ([]byte, error) { return readFileIn(fileTimeout, path) }

func readFileIn(timeout time.Duration, path string) ([]byte, error) {
	type result struct {
		text []byte
		err  error
	}
	read := make(chan result, 1)
	go func() { // to open a pipe waits as well
		text, err := readBounded(path)
		read <- result{text, err}
	}()
	select {
	case r := <-read:
		if e, ok := errors.AsType[*fs.PathError](r.err); ok {
			r.err = e.Err
		}
		if r.err != nil {
			return nil, fmt.Errorf("cannot read the file: %w", r.err)
		}
		return r.text, nil
	case <-time.After(timeout):
		return nil, fmt.Errorf("cannot read the file: %w", errFileTimeout)
	}
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = errFileSize
	}
	return text, err
}
