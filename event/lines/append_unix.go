//go:build linux || darwin || dragonfly || freebsd || netbsd

package lines

import (
	"errors"
	"os"
	"syscall"
)

// setAppend makes every write to f append.
func setAppend(f *os.File) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	failed := conn.Control(func(fd uintptr) {
		flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_GETFL, 0)
		if errno == 0 && flags&syscall.O_APPEND == 0 {
			_, _, errno = syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_SETFL, flags|syscall.O_APPEND)
		}
		if errno != 0 {
			err = errno
		}
	})
	return errors.Join(failed, err)
}
