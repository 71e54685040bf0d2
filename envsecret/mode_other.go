//go:build !unix

package envsecret

import "io/fs"

// openToOthers reports nothing: here a mode does not say who may read a file.
func openToOthers(string) (mode fs.FileMode, open bool) { return 0, false }
