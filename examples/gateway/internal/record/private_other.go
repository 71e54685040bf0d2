//go:build !unix

package record

import (
	"errors"
	"io/fs"
)

// checkPrivate fails: here a mode does not say who may read a directory.
func checkPrivate(fs.FileInfo) error {
	return errors.New("this system cannot tell whether others can read a directory")
}

func checkWritable(string) error { return checkPrivate(nil) }
