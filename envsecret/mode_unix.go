//go:build unix

package envsecret

import (
	"io/fs"
	"os"
	"syscall"
)

// openToOthers reports whether the mode of a regular file lets others read or change it.
func openToOthers(path string) (mode fs.FileMode, open bool) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return 0, false
	}
	others := fs.FileMode(0o007)
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) == os.Geteuid() {
		others = 0o077
	}
	mode = info.Mode().Perm()
	return mode, mode&others != 0
}
