//go:build unix

package app

import (
	"io"
	"syscall"

	"golang.org/x/sys/unix"
)

// gone reports whether w is a pipe or a socket that nobody reads any more. It tells
// before an event is lost to find out.
func gone(w io.Writer) (gone bool) {
	f, ok := w.(syscall.Conn)
	if !ok {
		return false
	}
	conn, err := f.SyscallConn()
	if err != nil {
		return false
	}
	_ = conn.Control(func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd)}}
		n, err := unix.Poll(fds, 0)
		gone = err == nil && n > 0 && fds[0].Revents&unix.POLLERR != 0
	})
	return gone
}
