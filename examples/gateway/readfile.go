package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// Files of secrets and certificates are small and readable at once. Anything else is a
// mistake, such as an endless device, or a pipe without a writer.
const (
	maxFile     = 1 << 20 // bytes
	fileTimeout = 10 * time.Second
)

var (
	errFileSize    = fmt.Errorf("it has more than %d bytes", maxFile)
	errFileTimeout = errors.New("it does not end")
)

// readFile returns the content of a file. Its error does not hold the path, which is a
// secret if somebody set the variable to the content instead.
func readFile(path string) ([]byte, error) { return readFileIn(fileTimeout, path) }

func readFileIn(timeout time.Duration, path string) ([]byte, error) {
	type result struct {
		content []byte
		err     error
	}
	read := make(chan result, 1)
	go func() { // opening a pipe blocks as well
		content, err := readBounded(path)
		read <- result{content, err}
	}()
	select {
	case r := <-read:
		if e, ok := errors.AsType[*fs.PathError](r.err); ok {
			r.err = e.Err
		}
		if r.err != nil {
			return nil, fmt.Errorf("cannot read the file: %w", r.err)
		}
		return r.content, nil
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
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(content) > maxFile {
		err = errFileSize
	}
	return content, err
}
