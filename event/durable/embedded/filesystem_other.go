//go:build !linux

package embedded

import "os"

func keepsRenames(string) bool { return false }

func syncData(f *os.File) error { return f.Sync() }
