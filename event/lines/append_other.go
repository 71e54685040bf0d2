//go:build !(linux || darwin || dragonfly || freebsd || netbsd)

package lines

import (
	"io"
	"os"
)

// setAppend goes to the end once: the standard library cannot change here how a file was
// opened.
func setAppend(f *os.File) error {
	_, err := f.Seek(0, io.SeekEnd)
	return err
}
