//go:build unix

package record

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// checkPrivate returns an error unless this is a directory of this user that is closed to
// others.
func checkPrivate(info fs.FileInfo) error {
	switch stat, ok := info.Sys().(*syscall.Stat_t); {
	case !info.IsDir():
		return errors.New("it is not a directory")
	case !ok || int(stat.Uid) != os.Geteuid():
		return errors.New("the directory belongs to another user")
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("others can read the directory or write to it: its mode is %04o, want 0700", info.Mode().Perm())
	}
	return nil
}

func checkWritable(path string) error {
	if err := unix.Access(path, unix.W_OK|unix.X_OK); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
