//go:build unix

package siemtest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

// A daemon is a program that runs until it is stopped.
type daemon struct {
	t       *testing.T
	command []string
	log     string      // file of its output
	ready   func() bool // reports whether it takes requests
	cmd     *exec.Cmd
	exited  chan struct{}
}

// start starts the program, and returns when it is ready.
func (d *daemon) start() {
	d.t.Helper()
	log, err := os.OpenFile(d.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	require.NoError(d.t, err)
	defer log.Close() // the process has its own
	d.cmd = exec.Command(d.command[0], d.command[1:]...)
	d.cmd.Stdout, d.cmd.Stderr = log, log
	require.NoError(d.t, d.cmd.Start())
	exited := make(chan struct{})
	d.exited = exited
	go func() {
		defer close(exited)
		_ = d.cmd.Wait()
	}()
	d.t.Cleanup(func() { // also if it hangs
		_ = d.cmd.Process.Kill()
		<-exited
	})
	for deadline := time.Now().Add(gatewaytest.Patience); !d.ready(); time.Sleep(10 * time.Millisecond) {
		select {
		case <-exited:
			require.FailNow(d.t, "it has exited", "%s", d.output())
		default:
			require.True(d.t, time.Now().Before(deadline), "%s is not ready: %s", d.command[0], d.output())
		}
	}
}

// stop stops the program, and returns when it has exited.
func (d *daemon) stop() {
	d.t.Helper()
	require.NoError(d.t, d.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-d.exited:
	case <-time.After(gatewaytest.Patience):
		require.Fail(d.t, "it does not stop", "%s", d.output())
	}
}

func (d *daemon) output() []byte {
	text, _ := os.ReadFile(d.log)
	return text
}

// program returns the path of a program: that of a variable, or else one in PATH.
func program(t *testing.T, variable, name string) string {
	t.Helper()
	path, err := exec.LookPath(cmp.Or(os.Getenv(variable), name))
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s: %v", variable, err)
		}
		t.Skipf("%s: %v", variable, err)
	}
	return path
}

// logFile returns where a program may write its log.
func logFile(t *testing.T, name string) string {
	t.Helper()
	return filepath.Join(t.ArtifactDir(), name+".log")
}

// nextPort is where the search for an unused port goes on. Other packages may search at
// the same time.
var nextPort atomic.Int32

func init() { nextPort.Store(10_000 + rand.Int32N(20_000)) }

// unusedAddress returns an address that nobody listens on, and that no connection gets
// while a program is stopped: it is below the ports that the system gives out.
func unusedAddress(t *testing.T) string {
	t.Helper()
	for range 1000 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", nextPort.Add(1)))
		if err == nil {
			require.NoError(t, l.Close())
			return l.Addr().String()
		}
	}
	require.Fail(t, "no port is free")
	return ""
}

// accepts reports whether somebody listens on an address.
func accepts(address string) bool {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	return c.Close() == nil
}
