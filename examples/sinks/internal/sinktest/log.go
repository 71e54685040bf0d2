package sinktest

import (
	"io"
	"log"
)

// Discard is a log that nobody reads.
var Discard = log.New(io.Discard, "", 0)
