//go:build unix

package lines

import (
	"errors"
	"io"
	"os"
	"syscall"
	"time"
)

// blocking returns a writer to f that waits where f cannot be written at once.
func blocking(f *os.File) io.Writer { return &blockingFile{File: f} }

// A blockingFile can be written although another process has made it non-blocking. Package
// os looks only once whether a file is, and returns EAGAIN if that changes later.
type blockingFile struct {
	*os.File
	duplicated bool
}

// Write implements [io.Writer].
func (f *blockingFile) Write(p []byte) (n int, err error) {
	for {
		m, err := f.File.Write(p[n:])
		n += m
		if !errors.Is(err, syscall.EAGAIN) || f.lookAgain() != nil {
			return n, err
		}
	}
}

// lookAgain opens the file again, so that package os knows that it is non-blocking, and
// waits without a thread.
func (f *blockingFile) lookAgain() error {
	time.Sleep(10 * time.Millisecond) // in case the file cannot be waited for
	again, err := duplicate(f.File)
	if err != nil {
		return err
	}
	if f.duplicated {
		_ = f.Close()
	}
	f.File, f.duplicated = again, true
	return nil
}

func duplicate(f *os.File) (again *os.File, err error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	failed := conn.Control(func(fd uintptr) {
		syscall.ForkLock.RLock()
		defer syscall.ForkLock.RUnlock()
		var n int
		if n, err = syscall.Dup(int(fd)); err == nil {
			syscall.CloseOnExec(n)
			again = os.NewFile(uintptr(n), f.Name())
		}
	})
	return again, errors.Join(failed, err)
}
