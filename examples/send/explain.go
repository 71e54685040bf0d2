package main

import (
	"context"
	"errors"
	"io"
)

// explainRequest says why the request in the file of -explain would be accepted or
// refused.
func explainRequest(context.Context, *settings, io.Reader, io.Writer) (status int, err error) {
	return 2, errors.New("-explain cannot be used yet")
}
