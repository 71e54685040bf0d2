//go:build unix

// Package ptytest runs programs on pseudo-terminals, for tests.
package ptytest

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// patience is how long to wait for what must come. A loaded machine is slow.
const patience = 2 * time.Minute

// A Terminal is a pseudo-terminal on which one program runs.
type Terminal struct {
	t    testing.TB
	file *os.File
	rows uint16

	mu      sync.Mutex
	output  strings.Builder
	changed chan struct{} // closed when output or exited change
	exited  bool
	err     error // of the program
}

// Run starts cmd on a terminal that is columns wide. Those of its standard files that are
// not set are the terminal. At the end of the test the program is killed, with its children.
func Run(t testing.TB, cmd *exec.Cmd, columns int) *Terminal {
	t.Helper()
	term := &Terminal{t: t, rows: 40, changed: make(chan struct{})}
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: term.rows, Cols: uint16(columns)})
	if err != nil {
		t.Fatalf("ptytest: %v", err)
	}
	term.file = file
	done := make(chan struct{})
	go func() {
		defer close(done)
		// Ends with an error when no process has the terminal open.
		_, _ = io.Copy(writer{term}, file)
		err := cmd.Wait()
		term.change(func() { term.exited, term.err = true, err })
	}()
	t.Cleanup(func() {
		select {
		case <-done:
		default:
			// The program has a session of its own, and with it a process group.
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-done
		}
		_ = file.Close()
	})
	return term
}

// A writer takes what the program writes.
type writer struct{ term *Terminal }

func (w writer) Write(b []byte) (int, error) {
	w.term.change(func() { w.term.output.Write(b) })
	return len(b), nil
}

func (term *Terminal) change(f func()) {
	term.mu.Lock()
	defer term.mu.Unlock()
	f()
	close(term.changed)
	term.changed = make(chan struct{})
}

// Output returns what the program has written, with "\n" at the ends of lines. Text that
// was typed is part of it, unless the program has turned that off.
func (term *Terminal) Output() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.text()
}

func (term *Terminal) text() string { return strings.ReplaceAll(term.output.String(), "\r\n", "\n") }

// Type writes s as if it were typed: "\x03" interrupts the program.
func (term *Terminal) Type(s string) {
	term.t.Helper()
	if _, err := io.WriteString(term.file, s); err != nil {
		term.t.Fatalf("ptytest: %v", err)
	}
}

// Resize makes the terminal columns wide. The program gets SIGWINCH.
func (term *Terminal) Resize(columns int) {
	term.t.Helper()
	if err := pty.Setsize(term.file, &pty.Winsize{Rows: term.rows, Cols: uint16(columns)}); err != nil {
		term.t.Fatalf("ptytest: %v", err)
	}
}

// WaitFor waits until done reports true for the output.
func (term *Terminal) WaitFor(done func(output string) bool) {
	term.t.Helper()
	term.wait("the output", func() bool { return done(term.text()) })
}

// Wait waits until the program has ended, and returns the error of [exec.Cmd.Wait]. Then
// Output is complete.
func (term *Terminal) Wait() error {
	term.t.Helper()
	term.wait("the program's end", func() bool { return term.exited })
	return term.err
}

func (term *Terminal) wait(what string, done func() bool) {
	term.t.Helper()
	end := time.After(patience)
	for {
		term.mu.Lock()
		ok, changed, exited := done(), term.changed, term.exited
		term.mu.Unlock()
		if ok {
			return
		}
		if exited {
			term.t.Fatalf("ptytest: the program ended while waiting for %s. It wrote:\n%s", what, term.Output())
		}
		select {
		case <-changed:
		case <-end:
			term.t.Fatalf("ptytest: waited in vain for %s. The program wrote:\n%s", what, term.Output())
		}
	}
}
