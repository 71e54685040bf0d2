package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"
)

const bareCommand = "serve-bare" // the argument with which this program is the bare server

// serveBare serves a handler that only reads the body. Its arguments are an address, and
// for HTTPS the files of a certificate and its key.
func serveBare(args []string) error {
	s := &http.Server{
		Addr:              args[0],
		ReadHeaderTimeout: 5 * time.Second,
		Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
		}),
	}
	if len(args) == 3 {
		return s.ListenAndServeTLS(args[1], args[2])
	}
	return s.ListenAndServe()
}

// A server is a process that listens on addr.
type server struct {
	addr           string
	cmd            *exec.Cmd
	stdout, stderr *os.File
}

// start starts a server on a free port and returns once it listens. Its standard
// output and log go to files in dir.
func start(ctx context.Context, dir string, command func(addr string) *exec.Cmd) (_ *server, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{addr: l.Addr().String()}
	_ = l.Close()
	s.cmd = command(s.addr)
	for _, f := range []**os.File{&s.stdout, &s.stderr} {
		if *f, err = os.CreateTemp(dir, ""); err != nil {
			return nil, err
		}
		// It is opened again to append, so that truncating it has an effect.
		name := (*f).Name()
		_ = (*f).Close()
		if *f, err = os.OpenFile(name, os.O_RDWR|os.O_APPEND, 0); err != nil {
			return nil, err
		}
	}
	s.cmd.Stdout, s.cmd.Stderr = s.stdout, s.stderr
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", s.addr)
		if err == nil {
			return s, c.Close()
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			s.stop()
			return nil, err
		}
	}
}

// stop stops the server if it runs. After that, cost is known.
func (s *server) stop() {
	if s.cmd.ProcessState != nil {
		return
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	_ = s.stdout.Close()
	_ = s.stderr.Close()
}

// cost stops the server and returns its processor time, divided by n requests.
func (s *server) cost(n int) time.Duration {
	s.stop()
	return (s.cmd.ProcessState.UserTime() + s.cmd.ProcessState.SystemTime()) / time.Duration(n)
}

// takeLines returns how many lines the server has written to standard output since the
// last call, and truncates both files.
func (s *server) takeLines() (int, error) {
	output, err := os.ReadFile(s.stdout.Name())
	if err != nil {
		return 0, err
	}
	if err := s.stdout.Truncate(0); err != nil {
		return 0, err
	}
	return bytes.Count(output, []byte("\n")), s.stderr.Truncate(0)
}
