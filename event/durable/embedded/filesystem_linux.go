package embedded

import (
	"os"
	"syscall"
)

// File systems that write a file to the disk before another one takes its name, see
// statfs(2). A server that does not sync relies on that when it replaces a file.
var orderedRename = map[uint32]bool{
	0xef53:     true, // ext4
	0x9123683e: true, // btrfs
}

// keepsRenames reports whether dir is on a file system where a file that replaces
// another one is whole after a power failure.
func keepsRenames(dir string) bool {
	var fs syscall.Statfs_t
	return syscall.Statfs(dir, &fs) == nil && orderedRename[uint32(fs.Type)]
}

// syncData syncs what was written to f, if it has not grown.
func syncData(f *os.File) error {
	for {
		if err := syscall.Fdatasync(int(f.Fd())); err != syscall.EINTR {
			return err
		}
	}
}
