package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cef"
	"github.com/accesshook/accesshook/event/ecs"
	"github.com/accesshook/accesshook/event/lines"
	"github.com/accesshook/accesshook/event/ocsf"
)

// formats are those that a line can have. They are all of the same form.
var formats = map[string]func(dst []byte, e *event.Event) ([]byte, error){
	"ecs":  ecs.Append,  // Filebeat, the agent of Wazuh
	"ocsf": ocsf.Append, // Splunk, Datadog
	"cef":  cef.Append,
}

// toFile writes events as lines to a file, which an agent reads.
func toFile(path, format string) event.Handler {
	return lines.NewWriter(&rotated{path: path, max: 100 << 20, keep: 5}).Handler(formats[format])
}

// A rotated file has at most max bytes. Older ones are path.1, path.2 and so on. It is
// written to by one goroutine, a lines.Writer's, which writes whole lines.
type rotated struct {
	path string
	max  int64
	keep int
	file *os.File
	size int64
}

func (r *rotated) Write(b []byte) (n int, err error) {
	if r.file != nil && r.size > 0 && r.size+int64(len(b)) > r.max {
		err = r.file.Close()
		r.file = nil
		for i := r.keep; i > 1; i-- {
			_ = os.Rename(fmt.Sprint(r.path, ".", i-1), fmt.Sprint(r.path, ".", i)) // there may be none yet
		}
		if err = errors.Join(err, os.Rename(r.path, r.path+".1")); err != nil {
			return 0, err
		}
	}
	if r.file == nil {
		f, err := os.OpenFile(r.path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
		if err != nil {
			return 0, err
		}
		err = lines.Prepare(f) // ends a line that a killed process left
		if r.size, _ = f.Seek(0, io.SeekEnd); err != nil {
			return 0, errors.Join(err, f.Close())
		}
		r.file = f
	}
	n, err = r.file.Write(b)
	r.size += int64(n)
	return n, err
}
