// Package terminal writes for people: events as lines in columns, the log, and tables.
//
// Vendors' text reaches the terminal as visible text only. What could move the cursor,
// turn the direction of the text round, or hide something is written as an escape such
// as \x1b or \u202e.
package terminal

import (
	"io"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/accesshook/accesshook/event"
)

// IsTerminal reports whether w is a file that is a terminal.
func IsTerminal(w io.Writer) bool {
	is := false
	withDescriptor(w, func(fd int) { is = term.IsTerminal(fd) })
	return is
}

// Width returns how many columns w has now. That changes when a window is resized. It is
// 80 for a terminal that does not tell, and 120 for what is no terminal.
func Width(w io.Writer) int {
	width := 120
	withDescriptor(w, func(fd int) {
		if columns, _, err := term.GetSize(fd); err == nil && columns > 0 {
			width = columns
		} else if term.IsTerminal(fd) {
			width = 80
		}
	})
	return width
}

// Color reports whether to write colours to w: to a terminal, unless TERM is empty or
// "dumb", or NO_COLOR is not empty (https://no-color.org).
func Color(w io.Writer, lookupEnv func(string) (string, bool)) bool {
	no, _ := lookupEnv("NO_COLOR")
	kind, _ := lookupEnv("TERM")
	return no == "" && kind != "" && kind != "dumb" && IsTerminal(w)
}

// withDescriptor calls f with the file descriptor of w, if it has one. Unlike
// [os.File.Fd] it leaves the file in its mode.
func withDescriptor(w io.Writer, f func(fd int)) {
	file, ok := w.(syscall.Conn)
	if !ok {
		return
	}
	if conn, err := file.SyscallConn(); err == nil {
		_ = conn.Control(func(fd uintptr) { f(int(fd)) }) // fails for a closed file
	}
}

// An Encoder encodes events as [Lines] that fit an output. It is safe for concurrent use.
type Encoder struct {
	w     io.Writer
	color bool
}

// NewEncoder returns an Encoder for w. It does not write to w.
func NewEncoder(w io.Writer, lookupEnv func(string) (string, bool)) *Encoder {
	return &Encoder{w, Color(w, lookupEnv)}
}

// AppendEvent appends a line for e that fits the width that the output has now. The error
// is always nil.
func (enc *Encoder) AppendEvent(dst []byte, e *event.Event) ([]byte, error) {
	return Lines{Width: Width(enc.w), Color: enc.color, Zone: time.Local}.Append(dst, e), nil
}
