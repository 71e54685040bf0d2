//go:build !unix

package app

import "io"

func gone(io.Writer) bool { return false }
