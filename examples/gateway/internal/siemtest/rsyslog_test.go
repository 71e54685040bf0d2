//go:build unix

package siemtest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// startRsyslog starts a relay with a configuration of its own, and returns where it
// listens. It sends each message to all of the addresses, in the form of RFC 5424, framed
// by octet counts. The form that rsyslog has by itself, RSYSLOG_SyslogProtocol23Format,
// ends with a line end too, which receivers that count octets take for a part of the
// message.
func startRsyslog(t *testing.T, to ...string) (address string) {
	t.Helper()
	address = unusedAddress(t)
	host, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	dir := t.TempDir()
	configuration := fmt.Sprintf(`global(workDirectory=%q maxMessageSize="64k")
module(load="imtcp")
template(name="rfc5424" type="string" string="<%%PRI%%>1 %%TIMESTAMP:::date-rfc3339%% %%HOSTNAME%% %%APP-NAME%% %%PROCID%% %%MSGID%% %%STRUCTURED-DATA%% %%msg%%")
input(type="imtcp" address=%q port=%q)
`, dir, host, port)
	for _, target := range to {
		host, port, err := net.SplitHostPort(target)
		require.NoError(t, err)
		configuration += fmt.Sprintf(`action(type="omfwd" target=%q port=%q protocol="tcp" TCP_Framing="octet-counted"
  template="rfc5424" action.resumeRetryCount="-1" queue.type="LinkedList")
`, host, port)
	}
	file := filepath.Join(dir, "rsyslog.conf")
	require.NoError(t, os.WriteFile(file, []byte(configuration), 0o600))
	d := &daemon{
		t: t, log: logFile(t, "rsyslogd"),
		command: []string{program(t, "ACCESSHOOK_RSYSLOG", "rsyslogd"), "-n", "-f", file, "-i", filepath.Join(dir, "pid")},
		ready:   func() bool { return accepts(address) },
	}
	d.start()
	t.Cleanup(d.stop)
	return address
}

// A receiver takes messages that are framed by octet counts.
type receiver struct {
	address string
	mu      sync.Mutex
	frames  []string
}

func startReceiver(t *testing.T) *receiver {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := &receiver{address: l.Addr().String()}
	var connections sync.WaitGroup
	connections.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = c.Close() })
			connections.Go(func() { r.read(bufio.NewReader(c)) })
		}
	})
	t.Cleanup(func() { _ = l.Close() })
	return r
}

// read takes messages until the connection ends.
func (r *receiver) read(c *bufio.Reader) {
	for {
		var n int
		if _, err := fmt.Fscanf(c, "%d ", &n); err != nil {
			return
		}
		frame := make([]byte, n)
		if _, err := io.ReadFull(c, frame); err != nil {
			return
		}
		r.mu.Lock()
		r.frames = append(r.frames, string(frame))
		r.mu.Unlock()
	}
}

// taken returns the messages so far.
func (r *receiver) taken() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.frames...)
}
