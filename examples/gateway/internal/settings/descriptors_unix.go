//go:build unix

package settings

import "syscall"

// descriptors returns how many files and connections this process may have open. Go has
// raised the soft limit to the hard one.
func descriptors() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 2 * otherDescriptors
	}
	return uint64(limit.Cur) // signed on some systems
}
